// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import StoragePrimitives

/// What the process server knows for certain, in one small file that is replaced in one step.
public struct Position: Codable, Hashable, Sendable {
    /// The version of this file's layout.
    public static let currentVersion = 1

    /// A disk and the digests that are remembered of it.
    public struct Disk: Codable, Hashable, Sendable {
        /// The identity under which the disk is bound to its group.
        public let id: String
        /// Its ``DiskNumber`` in the group, which its digest pages name as well.
        public let number: DiskNumber
        /// Bytes.
        public let size: UInt64
        /// Seed of the digests that are remembered; a new one for each sync, so that old pages never check.
        public let seed: UInt64
        /// Whether the sync that filled the digest file was confirmed.
        public let isSynced: Bool

        /// What is remembered of a disk.
        public init(id: String, number: DiskNumber, size: UInt64, seed: UInt64, isSynced: Bool) {
            self.id = id
            self.number = number
            self.size = size
            self.seed = seed
            self.isSynced = isSynced
        }
    }

    /// A bookmark that follows a pass.
    public struct Bookmark: Codable, Hashable, Sendable {
        /// The first eight bytes of its UUID.
        public let idHigh: UInt64
        /// The last eight bytes of its UUID.
        public let idLow: UInt64
        /// What the operator called it.
        public let label: String
        /// Whether the commands before and after the pass both succeeded.
        public let isApplicationConsistent: Bool
        /// The moment at the source.
        public let time: Timestamp

        /// A bookmark to send.
        public init(idHigh: UInt64, idLow: UInt64, label: String, isApplicationConsistent: Bool, time: Timestamp) {
            self.idHigh = idHigh
            self.idLow = idLow
            self.label = label
            self.isApplicationConsistent = isApplicationConsistent
            self.time = time
        }
    }

    /// A pass that was read whole and whose digests are safe beside the remembered ones.
    public struct Pending: Codable, Hashable, Sendable {
        /// The source sequence of the pass.
        public let sequence: UInt64
        /// The bookmark that follows it, if one does.
        public let bookmark: Bookmark?
        /// The receiver holds it; its pages are being copied over the remembered ones.
        public let isConfirmed: Bool

        /// A pass as it is remembered.
        public init(sequence: UInt64, bookmark: Bookmark?, isConfirmed: Bool) {
            self.sequence = sequence
            self.bookmark = bookmark
            self.isConfirmed = isConfirmed
        }
    }

    /// The version of the layout; a file of another one counts as unreadable.
    public var version = Position.currentVersion
    /// The group's name.
    public var group: String
    /// The last sequence that the receiver called durable and whose digests are remembered.
    public var confirmed: UInt64 = 0
    /// The disks of which something is remembered.
    public var disks: [Disk] = []
    /// The pass that was made last, until it is promoted or dropped.
    public var pending: Pending?

    /// Nothing is known yet.
    public init(group: String) { self.group = group }

    init?(decoding bytes: [UInt8]) {
        // A file that cannot be read is worth no more than none: its disks are compared by digest.
        guard let position = try? JSONDecoder().decode(Position.self, from: Data(bytes)),
            position.version == Position.currentVersion
        else { return nil }
        self = position
    }

    func encoded() throws(ProcessServerError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            throw ProcessServerError(.stateFailed, "The position cannot be written as JSON: \(error).")
        }
    }
}
