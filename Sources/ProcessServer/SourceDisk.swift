// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What a source disk looks like while it is open.
public struct SourceGeometry: Hashable, Sendable {
    /// Bytes, as they are now.
    public let size: ByteCount
    /// Bytes: 512 or 4096.
    public let logicalBlockSize: Int

    /// What an open source looks like.
    public init(size: ByteCount, logicalBlockSize: Int) {
        self.size = size
        self.logicalBlockSize = logicalBlockSize
    }
}

/// A stretch of a source disk, from where it was asked about up to `end`.
public struct SourceStretch: Hashable, Sendable {
    /// What is known of a stretch without reading it.
    public enum Content: Hashable, Sendable {
        /// Has to be read to know.
        case data
        /// Reads as zeroes.
        case zeroes
        /// Has not changed since the last confirmed pass.
        case unchanged
    }

    /// One past the last byte, from the start of the disk.
    public let end: UInt64
    /// What is known of it.
    public let content: Content

    /// A stretch that starts where it was asked about.
    public init(end: UInt64, content: Content) {
        self.end = end
        self.content = content
    }
}

/// A disk that is replicated: a block device, an image file, an export of an NBD server, memory in a test.
///
/// It is open only between the command before a pass and the one after it, so that a snapshot can be made and removed
/// around it. Calls block; they are made on disk threads, from several at a time.
public protocol SourceDisk: AnyObject, Sendable {
    /// The identity under which the disk is bound to its group.
    var id: String { get }

    /// How messages call it: a path or a URL.
    var name: String { get }

    /// Opens what the name stands for now.
    func open() throws(ProcessServerError) -> SourceGeometry

    /// Lets go of it; a disk that is not open is left as it is.
    func close()

    /// Fills all of `buffer` from `offset` on.
    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(ProcessServerError)

    /// What is at the start of `range`, and how far.
    ///
    /// - Parameter changesOnly: Whether the disk's own map of changes is to be believed.
    func stretch(in range: Range<UInt64>, changesOnly: Bool) throws(ProcessServerError) -> SourceStretch

    /// Reads that are worth asking for at once, 1 or more.
    var readsAtOnce: Int { get }

    /// Whether the disk keeps a map of changes.
    var tellsChanges: Bool { get }
}
