// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a client may ask for in transmission.
public enum NBDCommand: UInt16, Sendable {
    case read = 0  // NBD_CMD_READ
    case write = 1  // NBD_CMD_WRITE
    case disconnect = 2  // NBD_CMD_DISC
    case flush = 3  // NBD_CMD_FLUSH
    case trim = 4  // NBD_CMD_TRIM
    case cache = 5  // NBD_CMD_CACHE
    case writeZeroes = 6  // NBD_CMD_WRITE_ZEROES
    case blockStatus = 7  // NBD_CMD_BLOCK_STATUS
    case resize = 8  // NBD_CMD_RESIZE, an extension that is not offered
}

/// What a client adds to a command.
public struct NBDCommandFlags: OptionSet, Hashable, Sendable {
    /// The flags as the client sent them.
    public let rawValue: UInt16
    /// The flags with those bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The reply says that what was written is on stable storage; means nothing with commands that write nothing.
    public static let fua = NBDCommandFlags(rawValue: 1 << 0)  // NBD_CMD_FLAG_FUA
    /// Zeroes are written so that the range stays allocated.
    public static let noHole = NBDCommandFlags(rawValue: 1 << 1)  // NBD_CMD_FLAG_NO_HOLE
    /// A read is answered in one piece, holes as zeroes.
    public static let dontFragment = NBDCommandFlags(rawValue: 1 << 2)  // NBD_CMD_FLAG_DF
    /// One extent for each context, no longer than what was asked.
    public static let requestOne = NBDCommandFlags(rawValue: 1 << 3)  // NBD_CMD_FLAG_REQ_ONE
    /// Zeroes are written only if that is faster than a write; else ``NBDReplyError/notSupported``, at once.
    public static let fastZero = NBDCommandFlags(rawValue: 1 << 4)  // NBD_CMD_FLAG_FAST_ZERO
}

/// A request that was found valid for its export.
public struct NBDRequest: Hashable, Sendable {
    /// Never ``NBDCommand/disconnect`` or ``NBDCommand/resize``.
    public var command: NBDCommand
    /// Those that the server offered and that belong to the command.
    public var flags: NBDCommandFlags
    /// What the replies name the request by; the client chose it.
    public var cookie: UInt64
    /// Bytes from the start of the export, a multiple of its minimum block size; 0 for a flush.
    public var offset: UInt64
    /// Bytes; 0 for a flush, else 1 or more, a multiple of the minimum block size and inside the export. Bounded by the maximum
    /// block size for reads and writes, and for the other commands by the export alone: they carry no data.
    public var length: UInt32

    /// A request as it stands.
    public init(command: NBDCommand, flags: NBDCommandFlags, cookie: UInt64, offset: UInt64, length: UInt32) {
        self.command = command
        self.flags = flags
        self.cookie = cookie
        self.offset = offset
        self.length = length
    }
}
