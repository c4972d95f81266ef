// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

extension Frame {
    /// The answer to a Hello that is admitted: where the sender goes on, and within which limits.
    ///
    /// | size | name | meaning |
    /// | --- | --- | --- |
    /// | 2 | version | ``WireProtocol/version`` |
    /// | 2 | codecs | those that Writes of this session may use |
    /// | 4 | maximumWriteBytes | uncompressed data of one Write |
    /// | 4 | idleTimeout | milliseconds without a frame after which the receiver closes |
    /// | 8 | sessionID | for logs on both ends |
    /// | 8 | lastDurable | last source sequence the receiver holds durably |
    /// | 8 | credit | payload bytes ever permitted in this session, so far |
    /// | 2 | diskCount | |
    /// | each | disk | 2 number, 1 state, 2 + n reason |
    public struct Welcome: FrameBody, Hashable, Sendable {
        /// What a disk's target holds.
        public enum DiskState: UInt8, Sendable {
            /// Nothing is on the target yet.
            case initialSync = 0
            /// Content is there but has to be compared: the reason says why.
            case resync = 1
            /// In step: batches are taken.
            case differential = 2
        }

        /// A disk of the group and where it stands.
        public struct Disk: Hashable, Sendable {
            /// Its number in the group.
            public let number: DiskNumber
            /// What its target holds.
            public let state: DiskState
            /// Why it has to be compared, as a sentence; else empty. At most ``WireLimits/maximumReasonBytes`` bytes of
            /// UTF-8.
            public let reason: String

            /// A disk's state.
            ///
            /// - Parameter reason: Cut at ``WireLimits/maximumReasonBytes``.
            public init(number: DiskNumber, state: DiskState, reason: String = "") {
                self.number = number
                self.state = state
                self.reason = reason.truncated(toBytes: WireLimits.maximumReasonBytes)
            }
        }

        /// The codecs that Writes of this session may use: offered by the sender and taken by the receiver.
        public let codecs: CodecSet
        /// Uncompressed bytes of one Write at most; 512 to ``WireLimits/maximumWriteBytes``.
        public let maximumWriteBytes: UInt32
        /// Milliseconds of silence after which the receiver closes.
        public let idleTimeoutMilliseconds: UInt32
        /// A number for the logs of both ends.
        public let sessionID: UInt64
        /// The last source sequence that the receiver holds durably: the sender goes on after it.
        public let lastDurable: UInt64
        /// Bytes of data permitted at the start of the session.
        public let credit: UInt64
        /// Where each of the group's disks stands.
        public let disks: [Disk]

        /// The terms of a session.
        ///
        /// - Precondition: At most ``WireLimits/maximumDisks`` disks.
        public init(
            sessionID: UInt64, lastDurable: UInt64, credit: UInt64, codecs: CodecSet,
            maximumWriteBytes: UInt32 = UInt32(WireLimits.maximumWriteBytes), idleTimeoutMilliseconds: UInt32,
            disks: [Disk]
        ) {
            precondition(disks.count <= WireLimits.maximumDisks, "a group has no more disks than its Hello may name")
            self.codecs = codecs
            self.maximumWriteBytes = maximumWriteBytes
            self.idleTimeoutMilliseconds = idleTimeoutMilliseconds
            self.sessionID = sessionID
            self.lastDurable = lastDurable
            self.credit = credit
            self.disks = disks
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            let version: UInt16 = try body.integer()
            guard version == WireProtocol.version else {
                throw ProtocolError(
                    .unsupportedVersion,
                    "The peer speaks version \(version) of the protocol, this end version \(WireProtocol.version).")
            }
            codecs = CodecSet(rawValue: try body.integer())
            maximumWriteBytes = try body.integer()
            guard maximumWriteBytes >= Sector.size, maximumWriteBytes <= WireLimits.maximumWriteBytes else {
                throw body.malformed("allows \(maximumWriteBytes) bytes a Write")
            }
            idleTimeoutMilliseconds = try body.integer()
            sessionID = try body.integer()
            lastDurable = try body.integer()
            credit = try body.integer()
            let count = Int(try body.integer(UInt16.self))
            guard count <= WireLimits.maximumDisks else { throw body.malformed("names \(count) disks") }
            var disks: [Disk] = []
            var seen: Set<DiskNumber> = []
            disks.reserveCapacity(count)
            for _ in 0..<count {
                let disk = Disk(
                    number: try body.disk(), state: try body.choice(DiskState.self, named: "disk state"),
                    reason: try body.string(atMost: WireLimits.maximumReasonBytes))
                guard seen.insert(disk.number).inserted else {
                    throw body.malformed("names disk \(disk.number) twice")
                }
                disks.append(disk)
            }
            self.disks = disks
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(
                WireProtocol.version, codecs.rawValue, maximumWriteBytes, idleTimeoutMilliseconds, sessionID,
                lastDurable, credit, UInt16(disks.count), endianness: .little)
            for disk in disks {
                buffer.writeMultipleIntegers(disk.number.rawValue, disk.state.rawValue, endianness: .little)
                buffer.writeText(disk.reason)
            }
        }
    }

    /// The answer to a Hello that is not admitted; the connection ends after it.
    ///
    /// 2 code, 4 retryAfter (milliseconds; 0: no hint), 2 + n sentence.
    public struct Refuse: FrameBody, Hashable, Sendable {
        /// Why the Hello is not admitted, for programs; a number that is not known is ``ReasonCode/unspecified``.
        public let code: ReasonCode
        /// Milliseconds after which to try again; 0: no hint.
        public let retryAfterMilliseconds: UInt32
        /// Why, as a sentence; at most ``WireLimits/maximumMessageBytes`` bytes of UTF-8.
        public let message: String

        /// A refusal.
        ///
        /// - Parameter message: Cut at ``WireLimits/maximumMessageBytes``.
        public init(_ code: ReasonCode, _ message: String, retryAfterMilliseconds: UInt32 = 0) {
            self.code = code
            self.retryAfterMilliseconds = retryAfterMilliseconds
            self.message = message.truncated(toBytes: WireLimits.maximumMessageBytes)
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            code = ReasonCode(rawValue: try body.integer()) ?? .unspecified
            retryAfterMilliseconds = try body.integer()
            message = try body.string(atMost: WireLimits.maximumMessageBytes)
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(code.rawValue, retryAfterMilliseconds, endianness: .little)
            buffer.writeText(message)
        }
    }
}
