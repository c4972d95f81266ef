// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// A named recovery point.
public struct Bookmark: Hashable, Sendable {
    /// What a bookmark promises of the state that it names.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case crashConsistent = 0
        case applicationConsistent = 1
    }

    /// Bytes of UTF-8 that a label may have: what a record's body holds with room to spare.
    public static let maximumLabelBytes = 512

    /// What it promises of the state.
    public let kind: Kind
    /// What the operator called it; at most ``maximumLabelBytes`` of UTF-8.
    public let label: String
    /// The moment at the source.
    public let time: Timestamp
    /// Its sender's identity for it: the same one twice is one bookmark. Nil where it was made here.
    public let id: BookmarkID?

    /// - Parameter label: Cut at ``maximumLabelBytes``, between characters.
    public init(kind: Kind, label: String, time: Timestamp, id: BookmarkID? = nil) {
        self.kind = kind
        self.time = time
        self.id = id
        var label = label
        while label.utf8.count > Self.maximumLabelBytes { label.removeLast() }
        self.label = label
    }

    /// Body of a bookmark's record: kind (1 byte), with ``BookmarkID/flag`` in it the id (16), label.
    var body: [UInt8] {
        guard let id else { return [kind.rawValue] + Array(label.utf8) }
        var body = [kind.rawValue | BookmarkID.flag]
        for half in [id.high, id.low] { body.appendLittle(half) }
        return body + Array(label.utf8)
    }

    init(body: [UInt8], time: Timestamp) throws(FormatError) {
        guard let first = body.first, let kind = Kind(rawValue: first & ~BookmarkID.flag) else {
            throw .invalid("bookmark kind")
        }
        var start = 1
        var id: BookmarkID?
        if first & BookmarkID.flag != 0 {
            var reader = unsafe ByteReader(body.span.bytes)
            guard reader.skip(1), let high = reader.little(UInt64.self), let low = reader.little(UInt64.self) else {
                throw .truncated
            }
            id = BookmarkID(high: high, low: low)
            start += BookmarkID.encodedSize
        }
        guard let label = String(validating: body.dropFirst(start), as: UTF8.self) else {
            throw .invalid("bookmark label")
        }
        self.kind = kind
        self.label = label
        self.time = time
        self.id = id
    }
}

/// How a disk's content is replaced from its source.
public enum SyncKind: UInt8, Hashable, Sendable, CaseIterable {
    /// The first full copy.
    case initial = 0
    /// A comparison by digest and what differs.
    case resync = 1
}

/// What a group tells the session that feeds it. Sent on the store's threads, in order.
public enum RetentionEvent: Hashable, Sendable {
    /// Every batch and bookmark up to the sender's number survives the loss of power.
    case durable(sourceSequence: UInt64)
    /// And is on the target disks, flushed.
    case applied(sourceSequence: UInt64)
    /// Payload memory that was given back: credit for the sender.
    case released(bytes: Int)
    /// The end of this disk's sync is durable.
    case syncDurable(DiskNumber)
    /// Nothing more will become durable until the group is opened again.
    case failed(RetentionError)
}

/// Where a group stands for the session that would feed it.
public struct IngestPosition: Hashable, Sendable {
    /// The sender's last number that is durable.
    public var durable: UInt64
    /// The sender's last number that was taken in, durable or not.
    public var accepted: UInt64
    /// Disks whose content is not known to be the source's: never synced, or in the middle of it.
    public var unsynced: Set<DiskNumber>
    /// Why nothing is taken until the group is opened again, or nil.
    public var failure: RetentionError?

    /// A position as a group reports it.
    public init(durable: UInt64, accepted: UInt64, unsynced: Set<DiskNumber>, failure: RetentionError?) {
        self.durable = durable
        self.accepted = accepted
        self.unsynced = unsynced
        self.failure = failure
    }
}
