// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// How true a point is to the source.
public enum PointAccuracy: String, Hashable, Sendable, Codable, CaseIterable {
    case exact, approximate, notGuaranteed
}

/// A stretch of history: every batch in it can be recovered to.
public struct StretchReport: Hashable, Sendable, Codable {
    /// The first point's place in history.
    public var firstSequence: UInt64
    /// The last point's place in history.
    public var lastSequence: UInt64
    /// Source time of the first point.
    public var firstTime: DateTime
    /// Source time of the last point.
    public var lastTime: DateTime
    /// How true its points are to the source.
    public var accuracy: PointAccuracy
    /// Only its ends and the bookmarks in it can be recovered to: history was made coarser to save room.
    public var isBoundariesOnly: Bool

    /// A stretch.
    public init(
        firstSequence: UInt64, lastSequence: UInt64, firstTime: DateTime, lastTime: DateTime, accuracy: PointAccuracy,
        isBoundariesOnly: Bool
    ) {
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.accuracy = accuracy
        self.isBoundariesOnly = isBoundariesOnly
    }
}

/// One point that has a name or was asked for.
public struct PointReport: Hashable, Sendable, Codable {
    /// What a point promises of the state.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case applicationConsistent, crashConsistent
    }

    /// Its place in history.
    public var sequence: UInt64
    /// Source time.
    public var time: DateTime
    /// What it promises of the state.
    public var kind: Kind
    /// How true its time is to the source.
    public var accuracy: PointAccuracy
    /// The bookmark's label; nil where it has none.
    public var label: String?
    /// The bookmark's identity at its sender, a UUID; nil where it has none.
    public var id: String?
    /// How much of the source's time recovering to it gives up, compared with the latest point.
    public var losesSeconds: UInt64

    /// A point.
    public init(
        sequence: UInt64, time: DateTime, kind: Kind, accuracy: PointAccuracy, label: String? = nil,
        id: String? = nil, losesSeconds: UInt64
    ) {
        self.sequence = sequence
        self.time = time
        self.kind = kind
        self.accuracy = accuracy
        self.label = label
        self.id = id
        self.losesSeconds = losesSeconds
    }
}

/// What `mtctl points` shows.
public struct PointList: Hashable, Sendable, Codable {
    /// The group's name.
    public var group: String
    /// What can be recovered to, oldest first.
    public var stretches: [StretchReport]
    /// The points that have names, oldest first.
    public var bookmarks: [PointReport]
    /// The newest durable point; nil while there is none.
    public var latest: PointReport?
    /// The newest point that is on the target disks; nil while there is none.
    public var latestProcessed: PointReport?
    /// The newest application-consistent point; nil while there is none.
    public var latestApplicationConsistent: PointReport?

    /// A list.
    public init(
        group: String, stretches: [StretchReport], bookmarks: [PointReport], latest: PointReport? = nil,
        latestProcessed: PointReport? = nil, latestApplicationConsistent: PointReport? = nil
    ) {
        self.group = group
        self.stretches = stretches
        self.bookmarks = bookmarks
        self.latest = latest
        self.latestProcessed = latestProcessed
        self.latestApplicationConsistent = latestApplicationConsistent
    }
}

/// The point that a reference means.
public struct ResolvedPoint: Hashable, Sendable, Codable {
    /// The point.
    public var point: PointReport
    /// Says so when a time outside history was moved to the nearest end.
    public var note: String?

    /// An answer.
    public init(point: PointReport, note: String? = nil) {
        self.point = point
        self.note = note
    }
}
