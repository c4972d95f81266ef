// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// The redo of one epoch up to a point over the before-images of the epochs from it on: what a point differs in from
/// the disks, by address. The oldest before-image wins, redo wins over all.
///
/// Memory: a page and a few rows for each epoch, and the redo rows of one.
struct HistoryMerge: RankedExtents, ~Copyable {
    static let rowsAtATime = 128

    private struct Stream {
        let reader: EpochFileReader
        let rank: UInt32
        var rows: [StoredExtent] = []
        var index = 0
        var read = 0

        /// The next row, reading more where it has to.
        mutating func refill() throws(RetentionError) -> Bool {
            if index < rows.count { return true }
            let total = Int(reader.summary.undoCount)
            guard read < total else { return false }
            let end = min(total, read + rowsAtATime)
            rows = try reader.undo(read..<end)
            read = end
            index = 0
            return true
        }

        var head: StoredExtent { rows[index] }
    }

    private var overlay: SortedExtents
    private var overlayHead: RankedExtent?
    /// A heap by the address of the streams' heads.
    private var streams: [Stream] = []

    /// Ranks below this are redo rows, the newest with rank 0; before-images come after.
    let redoCount: UInt32

    init(redo: some Collection<StoredExtent>, undo: [EpochFileReader]) throws(RetentionError) {
        redoCount = UInt32(redo.count)
        overlay = SortedExtents.newestWins(redo)
        overlayHead = overlay.next()
        for (index, reader) in undo.enumerated() {
            var stream = Stream(reader: reader, rank: UInt32(redo.count + index + 1))
            if try stream.refill() { push(stream) }
        }
    }

    mutating func next() throws(RetentionError) -> RankedExtent? {
        guard let top = streams.first else { return takeOverlay() }
        if let head = overlayHead, head.stored.address <= top.head.address { return takeOverlay() }
        let extent = RankedExtent(stored: top.head, rank: top.rank)
        streams[0].index += 1
        if try streams[0].refill() {
            siftDown()
        } else {
            streams.swapAt(0, streams.count - 1)
            streams.removeLast()
            siftDown()
        }
        return extent
    }

    private mutating func takeOverlay() -> RankedExtent? {
        defer { overlayHead = overlay.next() }
        return overlayHead
    }

    private mutating func push(_ stream: Stream) {
        streams.append(stream)
        var child = streams.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard streams[child].head.address < streams[parent].head.address else { return }
            streams.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [parent * 2 + 1, parent * 2 + 2] where child < streams.count {
                if streams[child].head.address < streams[least].head.address { least = child }
            }
            guard least != parent else { return }
            streams.swapAt(least, parent)
            parent = least
        }
    }
}
