// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Gathers writes from a socket into pooled memory: the one copy that a payload makes on its way to the journal.
///
/// One for a session, used on its event loop. Small batches share a buffer; a part ends where a buffer or the number of
/// extents ends.
public struct PartBuilder: ~Copyable {
    private let pool: BufferPool
    private var buffer: PayloadBuffer?
    /// Where the part that is being gathered starts in the buffer.
    private var partStart = 0
    /// Where the next payload byte goes.
    private var cursor = 0
    private var extents: [Extent] = []
    private var begun: (extent: Extent, start: Int)?

    /// A builder that takes its buffers from `pool`.
    public init(pool: BufferPool) { self.pool = pool }

    /// Nothing gathered since the last ``take()``.
    public var isEmpty: Bool { extents.isEmpty }

    /// Payload bytes gathered since the last ``take()``.
    public var payloadBytes: Int { partEnd - partStart }

    /// Where the part that is being gathered ends: an extent that is not complete belongs to the next.
    private var partEnd: Int { begun?.start ?? cursor }

    /// Whether an extent with that much payload still fits the part; when not, ``take()`` it first.
    public func hasRoom(for payloadBytes: Int) -> Bool {
        guard extents.count < RecordHeader.maximumExtents else { return false }
        return payloadBytes == 0 || isEmpty || (buffer != nil && cursor + payloadBytes <= BufferPool.bufferBytes)
            || buffer == nil
    }

    /// Adds a range of zeroes, which needs no room.
    ///
    /// - Parameter sectorCount: 512-byte sectors, 1 or more.
    public mutating func addZeroes(disk: DiskNumber, sector: UInt64, sectorCount: UInt32) {
        extents.append(Extent(disk: disk, sector: sector, sectorCount: sectorCount, content: .zeroes))
    }

    /// Starts an extent of data; its bytes follow with ``fill(_:)``.
    ///
    /// - Precondition: ``hasRoom(for:)`` its bytes, and they are at most ``Extent/maximumDataBytes``.
    public mutating func beginData(disk: DiskNumber, sector: UInt64, sectorCount: UInt32, checksum: Checksum) {
        begin(Extent(disk: disk, sector: sector, sectorCount: sectorCount, content: .data(checksum)))
    }

    /// Starts an extent of data that came without a checksum; ``endOwnData()`` makes one.
    ///
    /// - Precondition: As for ``beginData(disk:sector:sectorCount:checksum:)``.
    public mutating func beginOwnData(disk: DiskNumber, sector: UInt64, sectorCount: UInt32) {
        begin(Extent(disk: disk, sector: sector, sectorCount: sectorCount, content: .data(Checksum(rawValue: 0))))
    }

    private mutating func begin(_ extent: Extent) {
        precondition(extent.payloadBytes <= Extent.maximumDataBytes, "an extent longer than the limit")
        if buffer == nil || cursor + extent.payloadBytes > BufferPool.bufferBytes {
            precondition(payloadBytes == 0, "no room: the part must be taken first")
            buffer = pool.take()
            cursor = 0
            partStart = 0
        }
        begun = (extent, cursor)
    }

    /// The next bytes of the extent that was begun.
    ///
    /// - Precondition: No more than it has.
    public mutating func fill(_ bytes: RawSpan) {
        guard let begun, let buffer else { preconditionFailure("bytes without an extent") }
        precondition(
            cursor - begun.start + bytes.byteCount <= begun.extent.payloadBytes, "more bytes than the extent has")
        buffer.write(bytes, at: cursor)
        cursor += bytes.byteCount
    }

    /// Ends the extent. False when its bytes do not match its checksum: then it was dropped.
    public mutating func endData() -> Bool {
        guard let begun, let buffer else { preconditionFailure("no extent to end") }
        self.begun = nil
        precondition(cursor - begun.start == begun.extent.payloadBytes, "an extent that is not filled")
        guard case .data(let checksum) = begun.extent.content,
            buffer.withBytes(begun.start..<cursor, { Checksum(of: $0) }) == checksum
        else {
            cursor = begun.start
            return false
        }
        extents.append(begun.extent)
        return true
    }

    /// Ends an extent whose checksum is made here: from now on it covers the bytes.
    ///
    /// - Precondition: Filled whole.
    public mutating func endOwnData() {
        guard let begun, let buffer else { preconditionFailure("no extent to end") }
        self.begun = nil
        precondition(cursor - begun.start == begun.extent.payloadBytes, "an extent that is not filled")
        let checksum = buffer.withBytes(begun.start..<cursor) { Checksum(of: $0) }
        extents.append(
            Extent(
                disk: begun.extent.disk, sector: begun.extent.sector, sectorCount: begun.extent.sectorCount,
                content: .data(checksum)))
    }

    /// What was gathered since the last time. The rest of the buffer serves the next part.
    public mutating func take() -> BatchPart {
        let part = BatchPart(
            extents: extents, buffer: payloadBytes > 0 ? buffer : nil, payloadOffset: partStart,
            payloadBytes: payloadBytes)
        extents = []
        partStart = partEnd
        if begun == nil, cursor == BufferPool.bufferBytes { buffer = nil }
        return part
    }
}
