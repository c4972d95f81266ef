// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

/// A disk of a machine, on both sides.
public struct SiteDisk: Hashable, Sendable, Codable {
    /// The sender's name for the disk; unique in its machine.
    public var id: String
    /// Bytes.
    public var sizeBytes: ByteCount
    /// Bytes of the smallest write; nil for 512.
    public var logicalBlockSize: UInt32?
    /// Where a process server reads it while the machine runs at the other site: a path, or the URL of an NBD export.
    public var source: String
    /// The disk on site that it came from: `file:PATH` or an identity, as `mtctl disks` shows it. With it failback goes
    /// to the original location and moves only the differences; nil where that disk is gone.
    public var original: String?

    /// A disk.
    public init(
        id: String, sizeBytes: ByteCount, source: String, original: String? = nil, logicalBlockSize: UInt32? = nil
    ) {
        self.id = id
        self.sizeBytes = sizeBytes
        self.source = source
        self.original = original
        self.logicalBlockSize = logicalBlockSize
    }
}

/// What an operator, or a tool of the virtualisation platform, knows of a machine's place on site. What is nil is not
/// known: pre-checks say so, and do not guess.
public struct SiteFacts: Hashable, Sendable, Codable {
    /// Snapshots on the machine on site make reprotect fail.
    public var hasSnapshots: Bool?
    /// The machine on site has to stay off while replication writes to its disks.
    public var isPoweredOff: Bool?
    /// The master target's host may write to the datastore of the disks.
    public var isDatastoreWritable: Bool?
    /// The account for vCenter may only read: it shows no datastores at reprotect.
    public var isAccountReadOnly: Bool?
    /// The host is a free edition, which cannot fail back.
    public var isFreeEdition: Bool?

    /// Nothing known.
    public init() {}
}

/// A machine that is protected, or is to be.
public struct SiteMachine: Hashable, Sendable, Codable {
    /// What operators call it; names are those of groups.
    public var name: String
    /// Its disks; 1 to ``maximumDisks``.
    public var disks: [SiteDisk]
    /// It was no virtual machine: it comes back as one, on new disks.
    public var isPhysical: Bool?
    /// What is known of its place on site.
    public var facts: SiteFacts?

    /// A machine.
    public init(name: String, disks: [SiteDisk], isPhysical: Bool? = nil, facts: SiteFacts? = nil) {
        self.name = name
        self.disks = disks
        self.isPhysical = isPhysical
        self.facts = facts
    }

    /// The most disks of one machine.
    public static let maximumDisks = 64
    /// The longest text that names a disk or a place, in octets.
    public static let maximumTextBytes = 1024

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if !CreateGroupRequest.isPermittedName(name) { return SiteName.complaint(name, of: "a machine") }
        if disks.isEmpty { return "The machine \(name) has no disk." }
        if disks.count > Self.maximumDisks { return "The machine \(name) has more than \(Self.maximumDisks) disks." }
        if Set(disks.map(\.id)).count < disks.count { return "Two disks of the machine \(name) have the same id." }
        for disk in disks {
            if disk.sizeBytes == .zero { return "The disk \(disk.id.prefix(64)) of \(name) has no size." }
            for text in [disk.id, disk.source] + [disk.original].compactMap(\.self) where !Self.isText(text) {
                return
                    "A text of the disk \(disk.id.prefix(64)) of \(name) is empty, too long or has control characters."
            }
        }
        return nil
    }

    private static func isText(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= maximumTextBytes
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
}

/// All machines, by name.
public struct SiteMachineList: Hashable, Sendable, Codable {
    /// The machines.
    public var machines: [SiteMachine]

    /// A list.
    public init(machines: [SiteMachine]) { self.machines = machines }
}
