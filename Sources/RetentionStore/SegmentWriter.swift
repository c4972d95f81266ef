// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Appends records to segments, the same way for redo and undo: small ones gathered into one write, large payloads
/// written from where they are, in one write with their header and what was gathered before.
///
/// Nothing is durable before ``sync()``. After the first error it is broken for good (promise 8), except where no room
/// for a new segment was given: then nothing was written.
final class SegmentWriter {
    /// Where a record's payload went.
    struct Place {
        var file: FileNumber
        var payloadOffset: UInt64
    }

    private let role: HistoryFiles.Role
    private let files: HistoryFiles
    private var latency: SyncLatency { role == .redo ? .journal : .beforeImages }
    private var current: (number: FileNumber, file: any StoreFile)?
    /// Where the next byte goes: what is written, then what is staged.
    private var writtenTo: UInt64 = 0
    private var staged = 0
    /// Taken with the first record of a commit, given back when all is written.
    private var staging: IOBuffer?
    private var encodedHeader = AlignedBuffer(uninitialized: RecordHeader.maximumHeaderLength)
    private var broken: DeviceError?
    private var needsSync = false
    /// Header checksum of the last record.
    private var chain: UInt64 = 0

    /// Payloads from this size on are written from where they are.
    static let directBytes = 128 << 10
    static let block = 4096

    init(role: HistoryFiles.Role, files: HistoryFiles) {
        self.role = role
        self.files = files
    }

    deinit { if let staging { IOBufferPool.shared.giveBack(staging) } }

    /// Whether an error has ended it.
    var isBroken: Bool { broken != nil }

    /// The segment being written and the position after the last record.
    var position: (file: FileNumber, offset: UInt64)? { current.map { ($0.number, writtenTo + UInt64(staged)) } }

    /// Ends the segment: the next record starts a new one.
    func endSegment() throws(DeviceError) -> (file: FileNumber, length: UInt64)? {
        guard let (number, _) = current else { return nil }
        try sync()
        defer {
            current = nil
            chain = 0
        }
        return (number, writtenTo)
    }

    /// - Parameter payload: Calls its argument with the record's payload.
    func append(_ header: RecordHeader, payload part: BatchPart) throws(DeviceError) -> Place {
        let writer = self
        return try part.withPayload(0..<part.payloadBytes) { (bytes) throws(DeviceError) in
            try writer.append(header, payload: bytes)
        }
    }

    func append(_ template: RecordHeader, payload: RawSpan) throws(DeviceError) -> Place {
        if let broken { throw broken }
        var header = template
        header.previous = chain
        let isDirect = payload.byteCount >= Self.directBytes && payload.byteCount % Self.block == 0
        let most = header.unpaddedLength + payload.byteCount + 2 * Self.block
        if current == nil || writtenTo + UInt64(staged + most) > files.segmentSize.rawValue {
            try startSegment(header)
        }
        guard let file = current else { throw DeviceError(.inputOutput, operation: "append", object: role.rawValue) }
        let staging = stagingArea()
        do {
            if staged + header.unpaddedLength + Self.block > staging.byteCount
                || (!isDirect && staged + most > staging.byteCount)
            {
                try writeStaged(staging)
            }
            let start = writtenTo + UInt64(staged)
            if isDirect {
                // The payload starts on a block, so that it can be written as it is.
                let end = (staged + header.unpaddedLength + Self.block - 1) & ~(Self.block - 1)
                header.headerLength = end - staged
                header.recordLength = header.headerLength + payload.byteCount
                stage(header, in: staging, seed: files.group.seed(file: file.number))
                let (length, offset) = (staged, ByteOffset(writtenTo))
                try staging.withBytes(0..<length) { (bytes) throws(DeviceError) in
                    try file.file.write(bytes, payload, at: offset)
                }
                writtenTo += UInt64(length + payload.byteCount)
                staged = 0
            } else {
                let granularity = RecordHeader.granularity
                header.headerLength = (header.unpaddedLength + granularity - 1) & ~(granularity - 1)
                header.recordLength = header.headerLength + (payload.byteCount + granularity - 1) & ~(granularity - 1)
                stage(header, in: staging, seed: files.group.seed(file: file.number))
                try stage(payload, in: staging)
            }
            needsSync = true
            return Place(file: file.number, payloadOffset: start + UInt64(header.headerLength))
        } catch {
            broken = error
            throw error
        }
    }

    /// Writes what is staged and makes all of it durable.
    func sync() throws(DeviceError) {
        if let broken { throw broken }
        guard needsSync, let file = current?.file else { return }
        do {
            if let staging {
                try writeStaged(staging)
                IOBufferPool.shared.giveBack(staging)
            }
            staging = nil
            try latency.measure { () throws(DeviceError) in try file.sync() }
            needsSync = false
        } catch {
            broken = error
            throw error
        }
    }

    private func startSegment(_ header: RecordHeader) throws(DeviceError) {
        // What is in the old segment has to be durable before a reader may be led past it.
        try sync()
        current = nil
        current = try files.makeSegment(role, first: header.sequence, epoch: header.epoch)
        writtenTo = UInt64(FileHeader.size)
        staged = 0
    }

    private func stagingArea() -> IOBuffer {
        let area = staging ?? IOBufferPool.shared.take()
        staging = area
        return area
    }

    private func stage(_ header: RecordHeader, in staging: IOBuffer, seed: UInt64) {
        chain = Self.encode(header, into: &encodedHeader, seed: seed).rawValue
        encodedHeader.withBytes(0..<header.headerLength) { bytes in
            staging.withMutableBytes(staged..<staged + header.headerLength) { $0.replace(at: 0, with: bytes) }
        }
        staged += header.headerLength
    }

    private static func encode(_ header: RecordHeader, into buffer: inout AlignedBuffer, seed: UInt64) -> Checksum {
        var span = buffer.mutableBytes
        return header.encode(into: &span, seed: seed)
    }

    /// Gathers a payload, in pieces when it is longer than the staging area.
    private func stage(_ payload: RawSpan, in staging: IOBuffer) throws(DeviceError) {
        var done = 0
        while done < payload.byteCount {
            // Full, it ends on a block.
            if staged == staging.byteCount { try writeStaged(staging) }
            let count = min(payload.byteCount - done, staging.byteCount - staged)
            staging.withMutableBytes(staged..<staged + count) {
                $0.replace(at: 0, with: payload.extracting(done..<done + count))
            }
            staged += count
            done += count
        }
    }

    /// Writes the staged bytes, zeroes up to the next block. What follows starts on a block.
    private func writeStaged(_ staging: IOBuffer) throws(DeviceError) {
        guard staged > 0, let file = current?.file else { return }
        let length = (staged + Self.block - 1) & ~(Self.block - 1)
        staging.withMutableBytes(staged..<length) { $0.zero(at: 0, count: $0.byteCount) }
        let offset = ByteOffset(writtenTo)
        try staging.withBytes(0..<length) { (bytes) throws(DeviceError) in try file.write(bytes, at: offset) }
        writtenTo += UInt64(length)
        staged = 0
    }
}
