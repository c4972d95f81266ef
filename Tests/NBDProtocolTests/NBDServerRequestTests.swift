// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

/// Every command, valid and with each reason to refuse it.
@Suite struct NBDServerRequestTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let terms: NBDSessionTerms
        let command: UInt16
        let flags: UInt16
        let offset: UInt64
        let length: UInt32
        /// Nil where it is valid.
        let error: NBDReplyError?
        var testDescription: String { name }

        init(
            _ name: String, _ command: UInt16, _ offset: UInt64 = 0, _ length: UInt32 = 512, flags: UInt16 = 0,
            on terms: NBDSessionTerms = NBDServerTransmissionTests.terms(), refused error: NBDReplyError? = nil
        ) {
            self.name = name
            self.terms = terms
            self.command = command
            self.flags = flags
            self.offset = offset
            self.length = length
            self.error = error
        }
    }

    static let end = NBDServerTransmissionTests.end
    static let simple = NBDServerTransmissionTests.terms(structured: false)
    static let readOnly = NBDServerTransmissionTests.terms([.hasFlags, .isReadOnly])
    static let plain = NBDServerTransmissionTests.terms([.hasFlags], contexts: false)
    static let bytewise = NBDServerTransmissionTests.terms(size: 1000, minimum: 1, maximum: .max)

    static let rows: [Row] = [
        // Valid.
        Row("read", 0), Row("write", 1), Row("flush", 3, 0, 0), Row("trim", 4), Row("cache", 5), Row("write zeroes", 6),
        Row("block status", 7),
        Row("read of the most", 0, 0, 1 << 20), Row("write of the most", 1, 0, 1 << 20),
        Row("read at the end", 0, end - 512, 512), Row("write at the end", 1, end - 512, 512),
        Row("trim of all", 4, 0, 1 << 30), Row("zeroes over all", 6, 0, 1 << 30), Row("status of all", 7, 0, 1 << 30),
        Row("cache of all", 5, 0, 1 << 30),
        Row("one byte", 0, 999, 1, on: bytewise), Row("all bytes", 0, 0, 1000, on: bytewise),
        Row("FUA with read", 0, flags: 1), Row("FUA with write", 1, flags: 1), Row("FUA with flush", 3, 0, 0, flags: 1),
        Row("FUA with trim", 4, flags: 1), Row("FUA with cache", 5, flags: 1), Row("FUA with status", 7, flags: 1),
        Row("every flag of zeroes", 6, flags: 0x13), Row("DF", 0, flags: 4), Row("one extent", 7, flags: 8),
        Row("read of what is read-only", 0, on: readOnly), Row("simple read", 0, on: simple),
        // Commands that are not known or not offered.
        Row("resize", 8, refused: .invalid), Row("command 9", 9, refused: .invalid),
        Row("command 65535", 65535, .max, .max, flags: .max, refused: .invalid),
        Row("flush not offered", 3, 0, 0, on: plain, refused: .invalid),
        Row("trim not offered", 4, on: plain, refused: .invalid),
        Row("cache not offered", 5, on: plain, refused: .invalid),
        Row("zeroes not offered", 6, on: plain, refused: .invalid),
        Row("status without contexts", 7, on: plain, refused: .invalid),
        Row("status without structured replies", 7, on: simple, refused: .invalid),
        // Read-only.
        Row("write to what is read-only", 1, on: readOnly, refused: .notPermitted),
        Row("trim of what is read-only", 4, on: readOnly, refused: .notPermitted),
        Row("zeroes on what is read-only", 6, on: readOnly, refused: .notPermitted),
        Row("empty write to what is read-only", 1, 0, 0, on: readOnly, refused: .notPermitted),
        // Flags.
        Row("FUA not offered", 1, flags: 1, on: plain, refused: .invalid),
        Row("DF not offered", 0, flags: 4, on: NBDServerTransmissionTests.terms([.hasFlags]), refused: .invalid),
        Row("DF with simple replies", 0, flags: 4, on: simple, refused: .invalid),
        Row(
            "fast zero not offered", 6, flags: 16, on: NBDServerTransmissionTests.terms([.sendsWriteZeroes]),
            refused: .invalid),
        Row("a high flag", 3, 0, 0, flags: 0x8000, refused: .invalid),
        // Lengths and ranges.
        Row("flush with a length", 3, 0, 512, refused: .invalid),
        Row("flush with an offset", 3, 512, 0, refused: .invalid),
        Row("read over the most", 0, 0, 1 << 20 + 512, refused: .invalid),
        Row("read without bound", 0, 0, .max, refused: .invalid),
        Row("write over the most", 1, 0, 1 << 20 + 512, refused: .invalid),
        Row("read at the end, of more", 0, end, 512, refused: .invalid),
        Row("write at the end, of more", 1, end, 512, refused: .noSpace),
        Row("read that overflows", 0, .max, 512, refused: .invalid),
        Row("write that overflows", 1, .max - 511, 512, refused: .noSpace),
        Row("zeroes that overflow", 6, .max, .max, refused: .noSpace),
        Row("status that overflows", 7, .max, .max, refused: .invalid),
        Row(
            "read of the largest export's end", 0, .max - 511, 511,
            on: NBDServerTransmissionTests.terms(size: .max, minimum: 1)),
        Row(
            "read past the largest export's end", 0, .max - 511, 512,
            on: NBDServerTransmissionTests.terms(size: .max, minimum: 1),
            refused: .invalid),
        Row(
            "read of an empty export", 0, 0, 1, on: NBDServerTransmissionTests.terms(size: 0, minimum: 1),
            refused: .invalid),
        Row(
            "the tail of an export of odd size", 0, 512, 488, on: NBDServerTransmissionTests.terms(size: 1000),
            refused: .invalid),
    ]

    @Test(arguments: rows) func `each command, valid and refused`(row: Row) throws { try check(row) }

    /// That a request is taken or refused as expected, and that the stream goes on right behind it.
    private func check(_ row: Row) throws {
        var machine = NBDServerTransmission(terms: row.terms)
        var bytes = NBDServerTransmissionTests.request(row.command, row.offset, row.length, flags: row.flags)
        let payload = row.command == 1 ? ByteBuffer(repeating: 0xab, count: Int(row.length)) : ByteBuffer()
        bytes.writeImmutableBuffer(payload)
        bytes.writeImmutableBuffer(NBDServerTransmissionTests.request(0, 0, 1, cookie: 8))
        let elements = try NBDServerTransmissionTests.play(&machine, bytes)
        let first = try #require(elements.first)
        if let error = row.error {
            guard case .refused(let reply) = first else {
                Issue.record("\(first)")
                return
            }
            #expect(
                NBDServerTransmissionTests.error(in: reply, structured: row.terms.hasStructuredReplies)
                    == error.rawValue)
            #expect(reply.getInteger(at: reply.readerIndex + 8, as: UInt64.self) == 7)
        } else {
            let command = try #require(NBDCommand(rawValue: row.command))
            #expect(
                first
                    == .request(
                        NBDRequest(
                            command: command, flags: NBDCommandFlags(rawValue: row.flags), cookie: 7,
                            offset: row.offset,
                            length: row.length)))
            if command == .write { #expect(elements.dropFirst().first == .payload(payload, isLast: true)) }
        }
        let last = try #require(elements.last)
        switch last {
        case .request(let next): #expect(next.cookie == 8)
        case .refused(let reply): #expect(reply.getInteger(at: reply.readerIndex + 8, as: UInt64.self) == 8)
        default: Issue.record("\(last)")
        }
        #expect(elements.count == (row.command == 1 && row.error == nil ? 3 : 2))
    }

    /// What is wrong with any command that has a range.
    enum Fault: CaseIterable, Sendable {
        case empty, pastTheEnd, behindTheEnd, overflow, oddOffset, oddLength, unknownFlag, noHole, dontFragment,
            requestOne
        case fastZero

        var request: (offset: UInt64, length: UInt32, flags: UInt16) {
            switch self {
            case .empty: (0, 0, 0)
            case .pastTheEnd: (NBDServerRequestTests.end - 512, 1024, 0)
            case .behindTheEnd: (NBDServerRequestTests.end, 512, 0)
            case .overflow: (.max - 511, 1024, 0)
            case .oddOffset: (256, 512, 0)
            case .oddLength: (512, 513, 0)
            case .unknownFlag: (0, 512, 0x20)
            case .noHole: (0, 512, 0x02)
            case .dontFragment: (0, 512, 0x04)
            case .requestOne: (0, 512, 0x08)
            case .fastZero: (0, 512, 0x10)
            }
        }

        /// Nil where the command may have it.
        func error(of command: NBDCommand) -> NBDReplyError? {
            switch (self, command) {
            case (.pastTheEnd, .write), (.behindTheEnd, .write), (.overflow, .write), (.pastTheEnd, .writeZeroes),
                (.behindTheEnd, .writeZeroes), (.overflow, .writeZeroes):
                .noSpace
            case (.noHole, .writeZeroes), (.fastZero, .writeZeroes), (.dontFragment, .read),
                (.requestOne, .blockStatus):
                nil
            default: .invalid
            }
        }
    }

    @Test(arguments: [NBDCommand.read, .write, .trim, .cache, .writeZeroes, .blockStatus], Fault.allCases)
    func `each command with each fault`(command: NBDCommand, fault: Fault) throws {
        let (offset, length, flags) = fault.request
        let error = fault.error(of: command)
        try check(Row("\(command), \(fault)", command.rawValue, offset, length, flags: flags, refused: error))
    }
}
