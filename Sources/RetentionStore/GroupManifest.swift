// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import RetentionFormat
import StoragePrimitives

/// What a group is, in its own folder: with it and the segments another appliance can open the group.
public struct GroupManifest: Codable, Hashable, Sendable {
    /// A protected disk and its target.
    public struct Disk: Codable, Hashable, Sendable {
        /// Its number in the group, never used for another disk.
        public var number: DiskNumber
        /// The sender's name for it.
        public var sourceID: String
        /// Bytes of the source disk.
        public var size: ByteCount
        /// Granularity of the source's writes in bytes: 512 or 4096.
        public var logicalBlockSize: Int
        /// `file:PATH`, or the identity of a disk.
        public var target: String

        /// A disk as it is bound.
        public init(number: DiskNumber, sourceID: String, size: ByteCount, logicalBlockSize: Int, target: String) {
            self.number = number
            self.sourceID = sourceID
            self.size = size
            self.logicalBlockSize = logicalBlockSize
            self.target = target
        }
    }

    /// R-08, editable for each group.
    public struct Policy: Codable, Hashable, Sendable {
        /// Age of the newest durable change, in seconds, beyond which an event is raised.
        public var rpoThresholdSeconds: Int64 = 15 * 60
        /// Seconds of history to keep.
        public var retentionSeconds: Int64 = 24 * 3600
        /// Seconds between two requests for an application-consistent point.
        public var applicationConsistentSeconds: Int64 = 60 * 60
        /// Bytes of the retention volume that history may take; nil for what there is.
        public var quota: ByteCount?

        /// The policy of R-08.
        public init() {}
    }

    /// The manifest's name in the group's folder.
    public static let fileName = "manifest.json"
    /// The version of the layout that this code writes; older ones are read.
    public static let currentVersion = 1
    static let maximumBytes = 1 << 20

    /// The version of the layout that it was read with.
    public var version = Self.currentVersion
    /// The group's identity, in every file of its history.
    public var id: UUID
    /// What operators call the group.
    public var name: String
    /// When the group was made.
    public var created: Timestamp
    /// The disks that are bound, in the order of binding.
    public var disks: [Disk] = []
    /// What the group promises, and what it may use.
    public var policy = Policy()
    /// Grows with every change of sender or owner.
    public var fencingToken: UInt64 = 0
    /// The state of the group's life, as the appliance calls it.
    public var lifecycle: String

    /// The manifest of a new group without disks.
    public init(id: UUID, name: String, created: Timestamp, lifecycle: String) {
        self.id = id
        self.name = name
        self.created = created
        self.lifecycle = lifecycle
    }

    /// The identity that the group's files carry.
    public var groupID: GroupID {
        var halves: (UInt64, UInt64) = (0, 0)
        let bytes = id.uuid
        for byte in [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5, bytes.6, bytes.7] {
            halves.0 = halves.0 << 8 | UInt64(byte)
        }
        for byte in [bytes.8, bytes.9, bytes.10, bytes.11, bytes.12, bytes.13, bytes.14, bytes.15] {
            halves.1 = halves.1 << 8 | UInt64(byte)
        }
        return GroupID(high: halves.0, low: halves.1)
    }

    /// Reads the manifest of the group in `folder`.
    public static func read(from folder: any StoreFolder) throws(RetentionError) -> GroupManifest {
        let contents: [UInt8]?
        do {
            contents = try folder.contents(of: fileName, limit: maximumBytes)
        } catch {
            throw .retention(error)
        }
        guard let contents else {
            throw RetentionError(.notAGroup, "\(folder.path) holds no group: it has no \(fileName).")
        }
        do {
            let version = try JSONDecoder().decode(Version.self, from: Data(contents)).version
            guard version <= currentVersion else {
                throw RetentionError(
                    .unknownVersion,
                    """
                    \(folder.path)/\(fileName) was written by a newer version (format \(version)). Install that \
                    version; nothing was changed.
                    """)
            }
            return try JSONDecoder().decode(GroupManifest.self, from: Data(contents))
        } catch let error as RetentionError {
            throw error
        } catch {
            throw RetentionError(
                .manifestDamaged,
                """
                \(folder.path)/\(fileName) cannot be read (\(error)). Put back a copy, or make it again with \
                `mtctl retention rebuild`.
                """)
        }
    }

    /// Writes it; durable on return.
    public func write(to folder: any StoreFolder) throws(RetentionError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try folder.replace(Self.fileName, with: Array(encoder.encode(self)))
        } catch let error as DeviceError {
            throw .retention(error)
        } catch {
            throw RetentionError(.manifestDamaged, "The manifest of group \(name) cannot be encoded: \(error).")
        }
    }

    private struct Version: Codable {
        var version: Int
    }
}
