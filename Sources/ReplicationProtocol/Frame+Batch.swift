// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

extension Frame {
    /// Opens an atomic batch. 8 sequence, 8 firstTime, 1 accuracy.
    public struct BatchBegin: FrameBody, Hashable, Sendable {
        /// Source sequence: the last one plus 1.
        public let sequence: UInt64
        /// When the source made the first of its writes.
        public let firstTime: Timestamp
        /// How near the batch's times are to the truth.
        public let accuracy: Accuracy

        /// The start of a batch.
        public init(sequence: UInt64, firstTime: Timestamp, accuracy: Accuracy) {
            self.sequence = sequence
            self.firstTime = firstTime
            self.accuracy = accuracy
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            sequence = try body.integer()
            firstTime = try body.time()
            accuracy = try body.choice(Accuracy.self, named: "accuracy")
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(sequence, firstTime.rawValue, accuracy.rawValue, endianness: .little)
        }
    }

    /// Ends a batch and says what it held. 8 sequence, 8 lastTime, 8 extents, 8 bytes.
    public struct BatchEnd: FrameBody, Hashable, Sendable {
        /// The sequence of the BatchBegin.
        public let sequence: UInt64
        /// When the source made the last of its writes; not before the batch's first.
        public let lastTime: Timestamp
        /// Write and Zero frames since BatchBegin.
        public let extentCount: UInt64
        /// Uncompressed bytes of the Writes since BatchBegin.
        public let dataBytes: UInt64

        /// The end of a batch, with what it held.
        public init(sequence: UInt64, lastTime: Timestamp, extentCount: UInt64, dataBytes: UInt64) {
            self.sequence = sequence
            self.lastTime = lastTime
            self.extentCount = extentCount
            self.dataBytes = dataBytes
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            sequence = try body.integer()
            lastTime = try body.time()
            extentCount = try body.integer()
            dataBytes = try body.integer()
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(sequence, lastTime.rawValue, extentCount, dataBytes, endianness: .little)
        }
    }

    /// What a bookmark promises about the state it names.
    public enum BookmarkKind: UInt8, Sendable {
        case crashConsistent = 0
        case applicationConsistent = 1
    }

    /// A named recovery point, ordered like a batch. 8 sequence, 8 idHigh, 8 idLow, 8 time, 1 kind, 2 + n label.
    public struct Bookmark: FrameBody, Hashable, Sendable {
        /// Source sequence: the last one plus 1, of batches and bookmarks together.
        public let sequence: UInt64
        /// A UUID, group-wide: its first and last eight bytes.
        public let idHigh: UInt64
        /// The second half of the id.
        public let idLow: UInt64
        /// The moment at the source.
        public let time: Timestamp
        /// What it promises of the state.
        public let kind: BookmarkKind
        /// What the operator called it; at most ``WireLimits/maximumNameBytes`` bytes of UTF-8.
        public let label: String

        /// - Throws: ``ProtocolError`` with code `.malformedFrame` when the label is too long.
        public init(
            sequence: UInt64, idHigh: UInt64, idLow: UInt64, time: Timestamp, kind: BookmarkKind, label: String
        ) throws(ProtocolError) {
            guard label.utf8.count <= WireLimits.maximumNameBytes else {
                throw ProtocolError(
                    .malformedFrame, "A bookmark's label has at most \(WireLimits.maximumNameBytes) bytes.")
            }
            self.sequence = sequence
            self.idHigh = idHigh
            self.idLow = idLow
            self.time = time
            self.kind = kind
            self.label = label
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            try self.init(
                sequence: try body.integer(), idHigh: try body.integer(), idLow: try body.integer(),
                time: try body.time(), kind: try body.choice(BookmarkKind.self, named: "bookmark kind"),
                label: try body.string(atMost: WireLimits.maximumNameBytes))
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(sequence, idHigh, idLow, time.rawValue, kind.rawValue, endianness: .little)
            buffer.writeText(label)
        }
    }

    /// The operator wants a bookmark: the sender quiesces if it can and answers with a Bookmark of that id.
    ///
    /// 8 idHigh, 8 idLow, 1 kind, 2 + n label.
    public struct BookmarkRequest: FrameBody, Hashable, Sendable {
        /// The first eight bytes of the id that the bookmark is to have.
        public let idHigh: UInt64
        /// The last eight bytes of the id.
        public let idLow: UInt64
        /// What the bookmark is to promise.
        public let kind: BookmarkKind
        /// What the operator called it; at most ``WireLimits/maximumNameBytes`` bytes of UTF-8.
        public let label: String

        /// A request.
        ///
        /// - Parameter label: Cut at ``WireLimits/maximumNameBytes``.
        public init(idHigh: UInt64, idLow: UInt64, kind: BookmarkKind, label: String) {
            self.idHigh = idHigh
            self.idLow = idLow
            self.kind = kind
            self.label = label.truncated(toBytes: WireLimits.maximumNameBytes)
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            idHigh = try body.integer()
            idLow = try body.integer()
            kind = try body.choice(BookmarkKind.self, named: "bookmark kind")
            label = try body.string(atMost: WireLimits.maximumNameBytes)
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(idHigh, idLow, kind.rawValue, endianness: .little)
            buffer.writeText(label)
        }
    }
}
