// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What is known of a sealed epoch without reading its indexes. The content of an epoch file starts with it.
///
/// Encoded: 160 fixed bytes in the order of the properties, the flags in two bytes (bit 0: consistent; bits 2 and 3, 4 and 5,
/// 6 and 7: the accuracy of its end, of the point before it, the least within it), then the undo files (4 bytes each), then the bookmarks
/// (sequence 8, time 8, kind 1, with ``BookmarkID/flag`` the id 16, length 2, label), then the disks not in sync (count 2, numbers 2 each).
public struct EpochSummary: Hashable, Sendable {
    /// What changed the disks during it.
    public enum Kind: UInt16, Hashable, Sendable {
        /// Batches: every one is a point while redo is kept.
        case changes = 1
        /// A sync: only its end is a point.
        case sync = 2
        /// A rewind: only its end is a point.
        case rewind = 3
    }

    /// A bookmark within it.
    public struct Mark: Hashable, Sendable {
        /// Its place in history.
        public var sequence: SequenceNumber
        /// Source time.
        public var time: Timestamp
        /// What it promises of the state, as the store numbers it.
        public var kind: UInt8
        /// What the operator called it: UTF-8, at most 65,535 bytes.
        public var label: String
        /// Its sender's identity for it; nil where it was made here, or before bookmarks had ids.
        public var id: BookmarkID?

        /// A bookmark of an epoch.
        ///
        /// - Parameter kind: Below ``BookmarkID/flag``.
        public init(sequence: SequenceNumber, time: Timestamp, kind: UInt8, label: String, id: BookmarkID? = nil) {
            self.sequence = sequence
            self.time = time
            self.kind = kind
            self.label = label
            self.id = id
        }
    }

    static let fixedSize = 160
    /// Files and bookmarks of one epoch: far more than an epoch can have, little enough to allocate.
    static let maximumRows: UInt32 = 1 << 20

    /// The epoch's number; of merged ones the last.
    public var number: EpochNumber
    /// The first epoch that was merged into it, or itself.
    public var mergedFrom: EpochNumber
    /// What changed the disks during it.
    public var kind: Kind
    /// False when a disk is out of sync at its end: that is no point then.
    public var isConsistent: Bool
    /// How well the state at its end is known to be one moment of the source.
    public var accuracy: Accuracy
    /// The same of the point that it begins after.
    public var accuracyBefore: Accuracy
    /// The least of all points in it.
    public var leastAccuracy: Accuracy
    /// Its first sequence number.
    public var firstSequence: SequenceNumber
    /// Its last sequence number: its end is a point when it is consistent.
    public var lastSequence: SequenceNumber
    /// The sender's last number up to its end.
    public var lastSourceSequence: UInt64
    /// Source time of its first write.
    public var firstTime: Timestamp
    /// Source time of its last write.
    public var lastTime: Timestamp
    /// When its first record was received.
    public var firstReceived: Timestamp
    /// When its last record was received.
    public var lastReceived: Timestamp
    /// The segment that its first record is in.
    public var firstRedoFile: FileNumber
    /// Where in the journal the record after its last one starts.
    public var resumeFile: FileNumber
    /// Bytes from the start of ``resumeFile``.
    public var resumeOffset: UInt64
    /// Bytes of data in its redo records.
    public var redoBytes: ByteCount
    /// Bytes of data in its before-images.
    public var undoBytes: ByteCount
    /// Rows of points in its file.
    public var batchCount: UInt32
    /// Rows of its redo index; 0 once the redo was given up.
    public var redoCount: UInt32
    /// Rows of its undo index.
    public var undoCount: UInt32
    /// The undo segments that its before-images are in.
    public var undoFiles: [FileNumber]
    /// The bookmarks in it, in order.
    public var bookmarks: [Mark]
    /// Disks whose content was not known to be their source's at its end.
    public var unsynced: [DiskNumber]

    /// An epoch in which nothing has happened yet.
    public init(number: EpochNumber, kind: Kind, firstSequence: SequenceNumber) {
        self.number = number
        mergedFrom = number
        self.kind = kind
        isConsistent = true
        accuracy = .exact
        accuracyBefore = .exact
        leastAccuracy = .exact
        self.firstSequence = firstSequence
        lastSequence = firstSequence.previous
        lastSourceSequence = 0
        firstTime = Timestamp(rawValue: 0)
        lastTime = Timestamp(rawValue: 0)
        firstReceived = Timestamp(rawValue: 0)
        lastReceived = Timestamp(rawValue: 0)
        firstRedoFile = FileNumber(0)
        resumeFile = FileNumber(0)
        resumeOffset = 0
        redoBytes = .zero
        undoBytes = .zero
        batchCount = 0
        redoCount = 0
        undoCount = 0
        undoFiles = []
        bookmarks = []
        unsynced = []
    }

    /// Appends the summary: 160 bytes, then what varies in length.
    public func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        for value in [number.rawValue, mergedFrom.rawValue] { bytes.appendLittle(value) }
        bytes.appendLittle(kind.rawValue)
        bytes.appendLittle(flags)
        bytes.appendLittle(firstRedoFile.rawValue)
        for value in [firstSequence.rawValue, lastSequence.rawValue, lastSourceSequence] { bytes.appendLittle(value) }
        for time in [firstTime, lastTime, firstReceived, lastReceived] { bytes.appendLittle(time.rawValue) }
        bytes.appendLittle(resumeOffset)
        bytes.appendLittle(resumeFile.rawValue)
        bytes.appendLittle(UInt32(undoFiles.count))
        bytes.appendLittle(redoBytes.rawValue)
        bytes.appendLittle(undoBytes.rawValue)
        for count in [batchCount, redoCount, undoCount, UInt32(bookmarks.count)] { bytes.appendLittle(count) }
        bytes.append(contentsOf: [UInt8](repeating: 0, count: start + Self.fixedSize - bytes.count))
        for file in undoFiles { bytes.appendLittle(file.rawValue) }
        for mark in bookmarks {
            bytes.appendLittle(mark.sequence.rawValue)
            bytes.appendLittle(mark.time.rawValue)
            bytes.append(mark.kind | (mark.id == nil ? 0 : BookmarkID.flag))
            if let id = mark.id { for half in [id.high, id.low] { bytes.appendLittle(half) } }
            let label = Array(mark.label.utf8.prefix(Int(UInt16.max)))
            bytes.appendLittle(UInt16(label.count))
            bytes.append(contentsOf: label)
        }
        bytes.appendLittle(UInt16(unsynced.count))
        for disk in unsynced { bytes.appendLittle(disk.rawValue) }
    }

    private var flags: UInt16 {
        UInt16(isConsistent ? 1 : 0) | UInt16(accuracy.rawValue) << 2 | UInt16(accuracyBefore.rawValue) << 4
            | UInt16(leastAccuracy.rawValue) << 6
    }

    /// Takes a summary off the front.
    ///
    /// - Throws: ``FormatError``: `.truncated`, or `.invalid` for a kind or a count that cannot be.
    public init(decoding reader: inout ByteReader) throws(FormatError) {
        let start = reader.offset
        guard let number = reader.little(UInt64.self), let mergedFrom = reader.little(UInt64.self),
            let kindValue = reader.little(UInt16.self), let flags = reader.little(UInt16.self),
            let firstRedoFile = reader.little(UInt32.self), let first = reader.little(UInt64.self),
            let last = reader.little(UInt64.self), let source = reader.little(UInt64.self),
            let firstTime = reader.little(Int64.self), let lastTime = reader.little(Int64.self),
            let firstReceived = reader.little(Int64.self), let lastReceived = reader.little(Int64.self),
            let resumeOffset = reader.little(UInt64.self), let resumeFile = reader.little(UInt32.self),
            let undoFileCount = reader.little(UInt32.self), let redoBytes = reader.little(UInt64.self),
            let undoBytes = reader.little(UInt64.self), let batchCount = reader.little(UInt32.self),
            let redoCount = reader.little(UInt32.self), let undoCount = reader.little(UInt32.self),
            let bookmarkCount = reader.little(UInt32.self), reader.skip(start + Self.fixedSize - reader.offset)
        else { throw .truncated }
        guard let kind = Kind(rawValue: kindValue) else { throw .invalid("epoch kind \(kindValue)") }
        guard let accuracy = Accuracy(rawValue: UInt8(flags >> 2 & 3)),
            let accuracyBefore = Accuracy(rawValue: UInt8(flags >> 4 & 3)),
            let leastAccuracy = Accuracy(rawValue: UInt8(flags >> 6 & 3)), flags >> 8 == 0, flags & 2 == 0
        else { throw .invalid("flags \(flags)") }
        guard undoFileCount <= Self.maximumRows, bookmarkCount <= Self.maximumRows else {
            throw .invalid("\(undoFileCount) undo files and \(bookmarkCount) bookmarks")
        }
        // An epoch of nothing ends right before it begins.
        guard number <= EpochNumber.limit, mergedFrom <= number, last <= SequenceNumber.limit, first > 0,
            first <= last + 1
        else { throw .invalid("epoch \(number), merged from \(mergedFrom), from point \(first) to \(last)") }
        guard resumeOffset < FileHeader.segmentLimit, resumeOffset % UInt64(RecordHeader.granularity) == 0 else {
            throw .invalid("a record at byte \(resumeOffset)")
        }
        self.init(number: EpochNumber(number), kind: kind, firstSequence: SequenceNumber(first))
        self.mergedFrom = EpochNumber(mergedFrom)
        isConsistent = flags & 1 == 1
        self.accuracy = accuracy
        self.accuracyBefore = accuracyBefore
        self.leastAccuracy = leastAccuracy
        lastSequence = SequenceNumber(last)
        lastSourceSequence = source
        self.firstTime = Timestamp(rawValue: firstTime)
        self.lastTime = Timestamp(rawValue: lastTime)
        self.firstReceived = Timestamp(rawValue: firstReceived)
        self.lastReceived = Timestamp(rawValue: lastReceived)
        self.firstRedoFile = FileNumber(firstRedoFile)
        self.resumeFile = FileNumber(resumeFile)
        self.resumeOffset = resumeOffset
        self.redoBytes = ByteCount(redoBytes)
        self.undoBytes = ByteCount(undoBytes)
        self.batchCount = batchCount
        self.redoCount = redoCount
        self.undoCount = undoCount
        for _ in 0..<undoFileCount {
            guard let file = reader.little(UInt32.self) else { throw .truncated }
            undoFiles.append(FileNumber(file))
        }
        for _ in 0..<bookmarkCount {
            guard let sequence = reader.little(UInt64.self), let time = reader.little(Int64.self),
                let kind = reader.little(UInt8.self)
            else { throw .truncated }
            var id: BookmarkID?
            if kind & BookmarkID.flag != 0 {
                guard let high = reader.little(UInt64.self), let low = reader.little(UInt64.self) else {
                    throw .truncated
                }
                id = BookmarkID(high: high, low: low)
            }
            guard let length = reader.little(UInt16.self), let label = reader.string(byteCount: Int(length))
            else { throw .truncated }
            guard first <= sequence, sequence <= last else { throw .invalid("a bookmark at point \(sequence)") }
            bookmarks.append(
                Mark(
                    sequence: SequenceNumber(sequence), time: Timestamp(rawValue: time), kind: kind & ~BookmarkID.flag,
                    label: label, id: id))
        }
        guard let unsyncedCount = reader.little(UInt16.self) else { throw .truncated }
        for _ in 0..<unsyncedCount {
            guard let disk = reader.little(UInt16.self) else { throw .truncated }
            unsynced.append(DiskNumber(disk))
        }
    }
}
