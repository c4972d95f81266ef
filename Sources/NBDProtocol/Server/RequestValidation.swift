// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// A request as it came: 0 u32 magic · 4 u16 flags · 6 u16 command · 8 u64 cookie · 16 u64 offset · 24 u32 length ·
/// 28 the data of a write.
struct RequestHeader {
    static let size = 28

    let flags: UInt16
    let command: UInt16
    let cookie: UInt64
    let offset: UInt64
    let length: UInt32

    /// Takes a header, or nothing and nil as long as it is not complete; a wrong magic number is told as early as it can be.
    init?(parsing bytes: inout ByteBuffer) throws(NBDError) {
        guard let magic = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) else { return nil }
        guard magic == NBDMagic.request else {
            throw NBDError(.protocolViolation, "a request begins with the wrong magic number")
        }
        guard bytes.readableBytes >= Self.size,
            let fields = bytes.readMultipleIntegers(
                endianness: .big, as: (UInt32, UInt16, UInt16, UInt64, UInt64, UInt32).self)
        else { return nil }
        (_, flags, command, cookie, offset, length) = fields
    }
}

/// Why a request is refused. The client is told, and transmission goes on.
struct RequestRefusal: Error {
    let error: NBDReplyError
    let words: String

    init(_ error: NBDReplyError, _ words: String) {
        self.error = error
        self.words = words
    }
}

extension NBDSessionTerms {
    /// The one place where a request is compared with what was agreed on; everything behind it may rely on that.
    ///
    /// Errors are those of the NBD protocol, "Request types" and "Error values".
    func validated(_ header: RequestHeader) throws(RequestRefusal) -> NBDRequest {
        guard let command = NBDCommand(rawValue: header.command), command != .disconnect, command != .resize else {
            throw RequestRefusal(.invalid, "command \(header.command) is not known")
        }
        let flags = NBDCommandFlags(rawValue: header.flags)
        let request = NBDRequest(
            command: command, flags: flags, cookie: header.cookie, offset: header.offset, length: header.length)
        guard !offer.flags.contains(.isReadOnly) || !command.isWriting else {
            throw RequestRefusal(.notPermitted, "export '\(offer.name)' is read-only")
        }
        guard offers(command) else {
            throw RequestRefusal(.invalid, "export '\(offer.name)' does not offer \(command)")
        }
        guard flags.isSubset(of: allowedFlags(with: command)) else {
            let strange = flags.subtracting(allowedFlags(with: command))
            throw RequestRefusal(
                .invalid, "flags \(String(strange.rawValue, radix: 16)) do not belong to \(command) here")
        }
        if command == .flush {
            guard request.offset == 0, request.length == 0 else {
                throw RequestRefusal(.invalid, "a flush is of everything and has neither offset nor length")
            }
            return request
        }
        guard request.length > 0 else { throw RequestRefusal(.invalid, "\(command) of no bytes") }
        guard (command != .read && command != .write) || request.length <= offer.maximumBlockSize else {
            throw RequestRefusal(
                .invalid,
                "\(command) of \(request.length) bytes, and export '\(offer.name)' takes \(offer.maximumBlockSize)")
        }
        guard request.offset <= offer.size, UInt64(request.length) <= offer.size - request.offset else {
            throw RequestRefusal(
                command == .write || command == .writeZeroes ? .noSpace : .invalid,
                "\(command) of \(request.length) bytes at \(request.offset) passes the end of export '\(offer.name)' "
                    + "with \(offer.size) bytes")
        }
        // The minimum block size is a power of two, and one that is wrong is caught where it is offered.
        let mask = UInt64(max(offer.minimumBlockSize, 1)) - 1
        guard (request.offset | UInt64(request.length)) & mask == 0 else {
            throw RequestRefusal(
                .invalid,
                "\(command) of \(request.length) bytes at \(request.offset) is not aligned to "
                    + "\(offer.minimumBlockSize) bytes")
        }
        return request
    }

    private func offers(_ command: NBDCommand) -> Bool {
        switch command {
        case .read, .write: true
        case .flush: offer.flags.contains(.sendsFlush)
        case .trim: offer.flags.contains(.sendsTrim)
        case .cache: offer.flags.contains(.sendsCache)
        case .writeZeroes: offer.flags.contains(.sendsWriteZeroes)
        case .blockStatus: !contexts.isEmpty
        case .disconnect, .resize: false
        }
    }

    /// FUA may stand with every command where it is offered at all: there are clients that set it everywhere.
    private func allowedFlags(with command: NBDCommand) -> NBDCommandFlags {
        var flags: NBDCommandFlags = offer.flags.contains(.sendsFUA) ? .fua : []
        switch command {
        case .read: if hasStructuredReplies, offer.flags.contains(.sendsDF) { flags.insert(.dontFragment) }
        case .writeZeroes:
            flags.insert(.noHole)
            if offer.flags.contains(.sendsFastZero) { flags.insert(.fastZero) }
        case .blockStatus: flags.insert(.requestOne)
        case .write, .flush, .trim, .cache, .disconnect, .resize: break
        }
        return flags
    }
}

extension NBDCommand {
    /// Whether it may change what the export holds.
    fileprivate var isWriting: Bool {
        switch self {
        case .write, .trim, .writeZeroes: true
        case .read, .disconnect, .flush, .cache, .blockStatus, .resize: false
        }
    }
}

extension NBDCommand: CustomStringConvertible {
    /// Its name in messages.
    public var description: String {
        switch self {
        case .read: "read"
        case .write: "write"
        case .disconnect: "disconnect"
        case .flush: "flush"
        case .trim: "trim"
        case .cache: "cache"
        case .writeZeroes: "write zeroes"
        case .blockStatus: "block status"
        case .resize: "resize"
        }
    }
}
