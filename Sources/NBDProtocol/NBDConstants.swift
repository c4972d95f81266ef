// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Magic numbers and limits of the protocol.
///
/// Source: NBD protocol, doc/proto.md of the reference implementation.
public enum NBDMagic {
    /// The first eight bytes that a server sends: `NBDMAGIC`.
    public static let greeting: UInt64 = 0x4e42_444d_4147_4943  // "NBDMAGIC"
    /// What a server's greeting goes on with, and what each option begins with: `IHAVEOPT`.
    public static let option: UInt64 = 0x4948_4156_454f_5054  // "IHAVEOPT"
    /// What the reply to an option begins with.
    public static let optionReply: UInt64 = 0x0003_e889_0455_65a9
    /// What a request begins with (NBD_REQUEST_MAGIC).
    public static let request: UInt32 = 0x2560_9513
    /// What a simple reply begins with (NBD_SIMPLE_REPLY_MAGIC).
    public static let simpleReply: UInt32 = 0x6744_6698
    /// What each chunk of a structured reply begins with (NBD_STRUCTURED_REPLY_MAGIC).
    public static let structuredReply: UInt32 = 0x668e_33ef
}

/// The most that is taken of what the peer may send; beyond it a request is refused or the connection ends.
public enum NBDLimit {
    /// The longest string in the protocol: names of exports and contexts.
    public static let stringBytes = 4096
    /// The longest reply to an option that is accepted: a name, a description and some numbers.
    public static let optionReplyBytes = 64 << 10
    /// The most replies to one option: hostile servers may send them for ever.
    public static let optionReplies = 1024
    /// The longest read that is asked for: what every server has to accept (NBD protocol, "Block size constraints").
    public static let readBytes = 32 << 20
    /// The longest block status reply that is accepted: 2^17 descriptors of 8 bytes.
    public static let statusBytes = 4 + (8 << 17)
    /// The longest error message that is kept.
    public static let messageBytes = 4096
    /// Requests of a client that wait for their replies at one time.
    public static let requests = 64
    /// The most data of one option that a client may send: names and queries.
    public static let optionBytes = 64 << 10
    /// The most options of one client, before and after TLS together.
    public static let options = 1024
    /// The most queries of one option on metadata contexts.
    public static let queries = 256
    /// The most metadata contexts that are selected for an export.
    public static let contexts = 64
    /// The longest payload of a write that is taken, or skipped where the write is refused. It is twice what every server
    /// has to accept (``readBytes``); more counts as denial of service (NBD protocol, "Block size constraints").
    public static let writeBytes = 64 << 20
}

/// Options of the handshake that this implementation knows.
public enum NBDOption: UInt32, Sendable {
    case exportName = 1  // NBD_OPT_EXPORT_NAME
    case abort = 2  // NBD_OPT_ABORT
    case list = 3  // NBD_OPT_LIST
    case startTLS = 5  // NBD_OPT_STARTTLS
    case info = 6  // NBD_OPT_INFO
    case go = 7  // NBD_OPT_GO
    case structuredReply = 8  // NBD_OPT_STRUCTURED_REPLY
    case listMetaContext = 9  // NBD_OPT_LIST_META_CONTEXT
    case setMetaContext = 10  // NBD_OPT_SET_META_CONTEXT
}

/// What a server answers to an option.
public enum NBDOptionReply: Hashable, Sendable {
    case acknowledged  // NBD_REP_ACK
    case info  // NBD_REP_INFO
    case metaContext  // NBD_REP_META_CONTEXT
    case unsupported  // NBD_REP_ERR_UNSUP
    case encryptionRequired  // NBD_REP_ERR_TLS_REQD
    case unknown  // NBD_REP_ERR_UNKNOWN
    case otherError(UInt32)
    case other(UInt32)

    init(code: UInt32) {
        self =
            switch code {
            case 1: .acknowledged
            case 3: .info
            case 4: .metaContext
            case 1 << 31 | 1: .unsupported
            case 1 << 31 | 5: .encryptionRequired
            case 1 << 31 | 6: .unknown
            default: code >= 1 << 31 ? .otherError(code) : .other(code)
            }
    }

    /// The number that stands for it.
    var code: UInt32 {
        switch self {
        case .acknowledged: 1
        case .info: 3
        case .metaContext: 4
        case .unsupported: 1 << 31 | 1
        case .encryptionRequired: 1 << 31 | 5
        case .unknown: 1 << 31 | 6
        case .otherError(let code), .other(let code): code
        }
    }

    static let server = NBDOptionReply.other(2)  // NBD_REP_SERVER
    static let policy = NBDOptionReply.otherError(1 << 31 | 2)  // NBD_REP_ERR_POLICY
    static let invalid = NBDOptionReply.otherError(1 << 31 | 3)  // NBD_REP_ERR_INVALID
    static let tooBig = NBDOptionReply.otherError(1 << 31 | 9)  // NBD_REP_ERR_TOO_BIG
}

/// Transmission flags that a server gives with an export.
public struct NBDTransmissionFlags: OptionSet, Hashable, Sendable {
    /// The flags as the server sent them.
    public let rawValue: UInt16
    /// The flags with those bits; bits that are not known mean nothing here.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The field is valid; every server sets it.
    public static let hasFlags = NBDTransmissionFlags(rawValue: 1 << 0)  // NBD_FLAG_HAS_FLAGS
    /// The export refuses writes.
    public static let isReadOnly = NBDTransmissionFlags(rawValue: 1 << 1)  // NBD_FLAG_READ_ONLY
    /// The server takes NBD_CMD_FLUSH.
    public static let sendsFlush = NBDTransmissionFlags(rawValue: 1 << 2)  // NBD_FLAG_SEND_FLUSH
    /// The server takes the flag NBD_CMD_FLAG_FUA.
    public static let sendsFUA = NBDTransmissionFlags(rawValue: 1 << 3)  // NBD_FLAG_SEND_FUA
    /// Seeking costs time: the medium turns.
    public static let isRotational = NBDTransmissionFlags(rawValue: 1 << 4)  // NBD_FLAG_ROTATIONAL
    /// The server takes NBD_CMD_TRIM.
    public static let sendsTrim = NBDTransmissionFlags(rawValue: 1 << 5)  // NBD_FLAG_SEND_TRIM
    /// The server takes NBD_CMD_WRITE_ZEROES, and NBD_CMD_FLAG_NO_HOLE with it.
    public static let sendsWriteZeroes = NBDTransmissionFlags(rawValue: 1 << 6)  // NBD_FLAG_SEND_WRITE_ZEROES
    /// The server takes the flag NBD_CMD_FLAG_DF with reads; only with structured replies.
    public static let sendsDF = NBDTransmissionFlags(rawValue: 1 << 7)  // NBD_FLAG_SEND_DF
    /// What one connection flushed, all connections to the export see.
    public static let canMultiConnect = NBDTransmissionFlags(rawValue: 1 << 8)  // NBD_FLAG_CAN_MULTI_CONN
    /// The server takes NBD_CMD_CACHE.
    public static let sendsCache = NBDTransmissionFlags(rawValue: 1 << 10)  // NBD_FLAG_SEND_CACHE
    /// The server takes the flag NBD_CMD_FLAG_FAST_ZERO; only with ``sendsWriteZeroes``.
    public static let sendsFastZero = NBDTransmissionFlags(rawValue: 1 << 11)  // NBD_FLAG_SEND_FAST_ZERO
}

/// The flags of a range in one metadata context.
public struct NBDExtentFlags: OptionSet, Hashable, Sendable {
    /// The flags as the server sent them; what they mean depends on the context.
    public let rawValue: UInt32
    /// The flags with those bits; bits that are not known mean nothing here.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `base:allocation`: nothing is allocated (NBD_STATE_HOLE).
    public static let isHole = NBDExtentFlags(rawValue: 1 << 0)
    /// `base:allocation`: reads as zeroes (NBD_STATE_ZERO).
    public static let isZero = NBDExtentFlags(rawValue: 1 << 1)
    /// `qemu:dirty-bitmap:…`: changed since the bitmap began (bit 0, qemu's docs/interop/nbd.txt).
    public static let isDirty = NBDExtentFlags(rawValue: 1 << 0)
}

/// A stretch of bytes with the same state in one metadata context.
public struct NBDExtent: Hashable, Sendable {
    /// Bytes, 1 or more.
    public let length: UInt32
    /// The state of all of them.
    public let flags: NBDExtentFlags

    /// A stretch; where it starts follows from those before it.
    public init(length: UInt32, flags: NBDExtentFlags) {
        self.length = length
        self.flags = flags
    }
}

/// What the handshake settled.
public struct NBDExport: Hashable, Sendable {
    /// The name it was asked for by; empty for the server's default.
    public let name: String
    /// Bytes.
    public let size: UInt64
    /// What the server said of it.
    public let flags: NBDTransmissionFlags
    /// The smallest unit of I/O in bytes, 1 where the server did not say.
    public let minimumBlockSize: UInt32
    /// The most bytes of one read, ``NBDLimit/readBytes`` where the server did not say.
    public let maximumBlockSize: UInt32
    /// Whether replies come in chunks, which metadata contexts need.
    public let hasStructuredReplies: Bool
    /// Context names and the numbers the server gave them.
    public let contexts: [String: UInt32]

    /// An export as it was agreed on.
    public init(
        name: String, size: UInt64, flags: NBDTransmissionFlags, minimumBlockSize: UInt32, maximumBlockSize: UInt32,
        hasStructuredReplies: Bool, contexts: [String: UInt32]
    ) {
        self.name = name
        self.size = size
        self.flags = flags
        self.minimumBlockSize = minimumBlockSize
        self.maximumBlockSize = maximumBlockSize
        self.hasStructuredReplies = hasStructuredReplies
        self.contexts = contexts
    }
}
