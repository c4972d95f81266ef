// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a server says of an export, in answer to NBD_OPT_INFO, NBD_OPT_GO and NBD_OPT_EXPORT_NAME.
public struct NBDExportOffer: Hashable, Sendable {
    /// The name the server knows it by; a client may have asked by another, or for the default by an empty one.
    public var name: String
    /// Words for people; empty for none.
    public var description: String
    /// Bytes; a multiple of ``minimumBlockSize``, or the last bytes are out of reach.
    public var size: UInt64
    /// What the server takes. ``NBDTransmissionFlags/hasFlags`` is added, and what the session does not allow taken away:
    /// see ``NBDServerHandshake/found(_:)``.
    public var flags: NBDTransmissionFlags
    /// The smallest unit of I/O in bytes, to which offsets and lengths are aligned: a power of two, at most 65536.
    public var minimumBlockSize: UInt32
    /// The unit in which I/O is efficient, in bytes: a power of two, at least 512 and ``minimumBlockSize``.
    public var preferredBlockSize: UInt32
    /// The most bytes of one read or write: a multiple of ``minimumBlockSize``, or 2^32 - 1 for no bound of its own. A write
    /// over ``NBDLimit/writeBytes`` ends the connection all the same.
    public var maximumBlockSize: UInt32

    /// An offer; the block sizes default to what clients expect that are told none, with the bound that is safe with all.
    public init(
        name: String, description: String = "", size: UInt64, flags: NBDTransmissionFlags, minimumBlockSize: UInt32 = 1,
        preferredBlockSize: UInt32 = 4096, maximumBlockSize: UInt32 = UInt32(NBDLimit.readBytes)
    ) {
        self.name = name
        self.description = description
        self.size = size
        self.flags = flags
        self.minimumBlockSize = minimumBlockSize
        self.preferredBlockSize = preferredBlockSize
        self.maximumBlockSize = maximumBlockSize
    }

    /// Whether the sizes are such as a server may say (NBD protocol, "Block size constraints").
    var hasValidBlockSizes: Bool {
        minimumBlockSize.nonzeroBitCount == 1 && minimumBlockSize <= 65536 && preferredBlockSize.nonzeroBitCount == 1
            && preferredBlockSize >= max(minimumBlockSize, 512)
            && (maximumBlockSize == .max || maximumBlockSize % minimumBlockSize == 0)
            && UInt64(maximumBlockSize) >= min(UInt64(preferredBlockSize), max(size, 1))
    }
}

/// A metadata context that a client selected, and the number it has on this connection.
public struct NBDContextBinding: Hashable, Sendable {
    /// What block status replies name it by; 1 or more, valid for this connection only.
    public let number: UInt32
    /// Namespace, colon and leaf, such as `base:allocation`.
    public let name: String

    /// A binding; numbers are unique among those of a session.
    public init(number: UInt32, name: String) {
        self.number = number
        self.name = name
    }
}

/// What the handshake settled, for transmission.
public struct NBDSessionTerms: Hashable, Sendable {
    /// The export, with the flags that the client was told.
    public let offer: NBDExportOffer
    /// Whether replies come in chunks; contexts need that.
    public let hasStructuredReplies: Bool
    /// What the client selected for this very export, in the order in which it was told; empty where it selected nothing.
    public let contexts: [NBDContextBinding]

    /// Terms; only with structured replies may there be contexts.
    public init(offer: NBDExportOffer, hasStructuredReplies: Bool, contexts: [NBDContextBinding]) {
        precondition(hasStructuredReplies || contexts.isEmpty, "metadata contexts need structured replies")
        self.offer = offer
        self.hasStructuredReplies = hasStructuredReplies
        self.contexts = contexts
    }
}
