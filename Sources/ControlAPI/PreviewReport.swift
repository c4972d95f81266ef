// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Opens a recovery point for looking at, while replication goes on.
public struct StartPreviewRequest: Hashable, Sendable, Codable {
    /// The group.
    public var group: String
    /// The point.
    public var point: PointReference
    /// The most that clients may write, into a scratch file that goes with the preview; nil for a read-only one.
    public var scratchBytes: ByteCount?
    /// `unix:PATH`, or `HOST:PORT` with TLS; nil for a socket beside the control socket.
    public var listen: String?
    /// Take a point that is not exact; nil for no.
    public var acceptInexact: Bool?
    /// It ends by itself when no client has been connected for half a minute, and with the agent; nil for no.
    public var isPassing: Bool?

    /// A request.
    public init(
        group: String, point: PointReference, scratchBytes: ByteCount? = nil, listen: String? = nil,
        acceptInexact: Bool? = nil, isPassing: Bool? = nil
    ) {
        self.group = group
        self.point = point
        self.scratchBytes = scratchBytes
        self.listen = listen
        self.acceptInexact = acceptInexact
        self.isPassing = isPassing
    }
}

/// A recovery point that is open for looking at.
public struct PreviewReport: Hashable, Sendable, Codable {
    /// One of its disks.
    public struct Disk: Hashable, Sendable, Codable {
        /// The sender's name for the disk.
        public var source: String
        /// Bytes.
        public var sizeBytes: ByteCount
        /// Where clients find it.
        public var uri: String

        /// A disk.
        public init(source: String, sizeBytes: ByteCount, uri: String) {
            self.source = source
            self.sizeBytes = sizeBytes
            self.uri = uri
        }
    }

    /// Its number, as text.
    public var id: String
    /// The group.
    public var group: String
    /// The point as it was asked for.
    public var point: PointReference
    /// The point's place in history.
    public var sequence: UInt64
    /// Source time of the point.
    public var time: DateTime
    /// How true the point is to the source.
    public var accuracy: PointAccuracy
    /// When it was made.
    public var created: DateTime
    /// Whether the disks can be read now.
    public var isServing: Bool
    /// Why not, as a sentence.
    public var problem: String?
    /// Where it listens: `unix:PATH` or `HOST:PORT`.
    public var listen: String
    /// The most that clients may write; nil for a read-only one.
    public var scratchBytes: ByteCount?
    /// Clients that are connected now.
    public var connections: Int
    /// Its disks, by number.
    public var disks: [Disk]

    /// A report of a preview that serves and has no clients yet.
    public init(
        id: String, group: String, point: PointReference, sequence: UInt64, time: DateTime, accuracy: PointAccuracy,
        created: DateTime, listen: String, scratchBytes: ByteCount?, disks: [Disk]
    ) {
        self.id = id
        self.group = group
        self.point = point
        self.sequence = sequence
        self.time = time
        self.accuracy = accuracy
        self.created = created
        self.listen = listen
        self.scratchBytes = scratchBytes
        self.disks = disks
        isServing = true
        connections = 0
    }
}

/// All previews.
public struct PreviewList: Hashable, Sendable, Codable {
    /// The previews, by number.
    public var previews: [PreviewReport]
    /// A list.
    public init(previews: [PreviewReport]) { self.previews = previews }
}
