// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// The structures of history files: byte 0 chooses one, the rest is its bytes.
enum RecordEntry {
    private static let group = GroupID(high: 1, low: 2)
    private static let seed: UInt64 = 77

    static func run(_ bytes: [UInt8]) {
        guard let choice = bytes.first else { return }
        var content = Array(bytes.dropFirst())
        // Refused by name: what it is for.
        switch choice % 6 {
        case 0:
            content += [UInt8](repeating: 0, count: max(0, FileHeader.size - content.count))
            sign(&content, checked: 88, seed: fileSeed(content))
            _ = try? unsafe FileHeader(decoding: content.span.bytes)
        case 1:
            if let length = unsafe RecordHeader.headerLength(of: content.span.bytes), length <= content.count {
                content.put(UInt64(0), at: 120)
                let header = Array(content[0..<length])
                content.put(unsafe Checksum(of: header.span.bytes, seed: seed).rawValue, at: 120)
            }
            if let header = try? unsafe RecordHeader(decoding: content.span.bytes, seed: seed) {
                for extent in header.extents { use(StoredExtent(extent, file: FileNumber(1), payloadOffset: 512)) }
            }
        case 2:
            content += [UInt8](repeating: 0, count: max(0, StateSlot.size - content.count))
            sign(&content, checked: 88, seed: 0)
            _ = try? unsafe StateSlot(decoding: content.span.bytes)
        case 3:
            var reader = unsafe ByteReader(content.span.bytes)
            while let row = try? StoredExtent(decoding: &reader) { use(row) }
        case 4:
            var reader = unsafe ByteReader(content.span.bytes)
            while (try? BatchRow(decoding: &reader)) != nil {}
        default:
            var reader = unsafe ByteReader(content.span.bytes)
            if let summary = try? EpochSummary(decoding: &reader) {
                _ = (summary.number.next, summary.lastSequence.next, summary.firstSequence.previous)
            }
        }
    }

    /// What is done with a row that was believed.
    private static func use(_ row: StoredExtent) { _ = (row.end, row.byteCount, row.payloadOffset, row.address.disk) }

    private static func fileSeed(_ content: [UInt8]) -> UInt64 {
        let group = GroupID(
            high: content.little(UInt64.self, at: 16) ?? 0, low: content.little(UInt64.self, at: 24) ?? 0)
        return group.seed(file: FileNumber(content.little(UInt32.self, at: 12) ?? 0))
    }

    private static func sign(_ content: inout [UInt8], checked: Int, seed: UInt64) {
        let part = Array(content[0..<checked])
        content.put(unsafe Checksum(of: part.span.bytes, seed: seed).rawValue, at: checked)
    }

    static var samples: [[UInt8]] {
        var header = AlignedBuffer(count: FileHeader.size)
        var span = header.mutableBytes
        FileHeader(
            kind: .redo, file: FileNumber(3), group: group, first: 5, epoch: EpochNumber(2),
            created: Timestamp(rawValue: 9), length: 1 << 20
        ).encode(into: &span)
        var slot = AlignedBuffer(count: StateSlot.size)
        var slotSpan = slot.mutableBytes
        StateSlot(
            generation: 9, group: group, durable: SequenceNumber(30), applied: SequenceNumber(20), discarded: .none
        ).encode(into: &slotSpan)
        var record = RecordHeader(kind: .batch, sequence: 5, epoch: EpochNumber(2))
        record.extents = [Extent(disk: DiskNumber(0), sector: 8, sectorCount: 8, content: .zeroes)]
        record.body = [1, 2, 3]
        record.headerLength = 512
        record.recordLength = 512
        var recordBytes = AlignedBuffer(count: 512)
        var recordSpan = recordBytes.mutableBytes
        record.encode(into: &recordSpan, seed: seed)
        var row: [UInt8] = [3]
        StoredExtent(record.extents[0], file: FileNumber(0), payloadOffset: 0).encode(into: &row)
        var batch: [UInt8] = [4]
        BatchRow(
            sequence: SequenceNumber(5), sourceSequence: 4, firstTime: Timestamp(rawValue: 1),
            lastTime: Timestamp(rawValue: 2), received: Timestamp(rawValue: 3), redoEnd: 1, accuracy: .exact,
            kind: .batch
        ).encode(into: &batch)
        var summary = EpochSummary(number: EpochNumber(2), kind: .changes, firstSequence: SequenceNumber(5))
        summary.lastSequence = SequenceNumber(6)
        summary.undoFiles = [FileNumber(4)]
        summary.bookmarks = [
            EpochSummary.Mark(sequence: SequenceNumber(6), time: Timestamp(rawValue: 2), kind: 1, label: "mark")
        ]
        summary.unsynced = [DiskNumber(1)]
        var summaryBytes: [UInt8] = [5]
        summary.encode(into: &summaryBytes)
        return [
            [0] + copy(header, 96), [1] + copy(recordBytes, 512), [2] + copy(slot, 96), row, batch, summaryBytes,
        ]
    }

    private static func copy(_ buffer: borrowing AlignedBuffer, _ count: Int) -> [UInt8] {
        buffer.withBytes(0..<count) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }
}
