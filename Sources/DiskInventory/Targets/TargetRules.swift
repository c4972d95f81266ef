// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// Decides whether a device may become a replication target. Every rule is asked, and every refusal is told.
public struct TargetRules: Sendable {
    /// What a source asks of its target, and what only the caller knows.
    public struct Requirement: Sendable {
        /// Bytes of the source.
        public var size: ByteCount
        /// The groups that write to disks already, by identity.
        public var bound: [DiskIdentity: String]
        /// Whether a map's paths were compared, and with what outcome; nil where nobody looked.
        public var proof: MapProof?
        /// Whether the disk is a target already, and its map was believed when it became one: then only a difference
        /// speaks against it, and a path that is down does not.
        public var wasBelieved = false

        /// A requirement with its parts.
        public init(size: ByteCount, bound: [DiskIdentity: String] = [:], proof: MapProof? = nil) {
            self.size = size
            self.bound = bound
            self.proof = proof
        }
    }

    /// Opens a node exclusively, to read, and lets it go; nil where that was possible. A port, for tests.
    public typealias ExclusiveOpen = @Sendable (_ devnode: String) -> DeviceError?

    private struct Opener: Sendable {
        let open: ExclusiveOpen
    }

    private let opener: Opener

    /// - Parameter open: How exclusiveness is tried; by default on this machine's devices.
    public init(open: @escaping ExclusiveOpen = { DeviceNode.exclusiveOpenFailure($0) }) {
        opener = Opener(open: open)
    }

    /// The disk that an operator means.
    ///
    /// - Throws: ``InventoryError`` with `.notAnIdentity` for a name under /dev, with the identity to write instead.
    public static func identity(_ text: String, in scan: DiskScan) throws(InventoryError) -> DiskIdentity {
        if text.hasPrefix("/dev/") || scan.owner(of: text) != nil {
            let name = text.hasPrefix("/dev/") ? String(text.dropFirst(5)) : text
            let mapName = name.hasPrefix("mapper/") ? String(name.dropFirst(7)) : nil
            let disk = scan.owner(of: name) ?? scan.disks.first { mapName != nil && $0.mapName == mapName }
            guard let disk else {
                throw InventoryError(
                    .notAnIdentity,
                    "\(text) is a name, and names change from start to start. Write the disk's identity instead; mtctl "
                        + "disks shows it.")
            }
            guard let identity = disk.identity else {
                throw InventoryError(
                    .notAnIdentity,
                    "\(text) is a name, and names change from start to start; \(disk.name) has no identity to write "
                        + "instead. \(IdentityRemedy.text(for: disk, on: scan.platform))")
            }
            throw InventoryError(
                .notAnIdentity,
                "\(text) is a name, and names change from start to start. Write \(identity) instead, which is the identity "
                    + "of \(disk.name).")
        }
        guard let identity = DiskIdentity(rawValue: text) else {
            throw InventoryError(
                .notAnIdentity, "\"\(text)\" is no disk's identity. mtctl disks shows the identities of the disks here."
            )
        }
        return identity
    }

    /// Judges the disk with an identity: the device to open for it, or, where there is none, whatever carries it.
    public func judge(_ identity: DiskIdentity, in scan: DiskScan, for requirement: Requirement) -> TargetVerdict {
        guard let disk = scan.target(identity) ?? scan.devices(of: identity).first else {
            return TargetVerdict(
                device: "", identity: identity,
                lines: [
                    .init(
                        rule: .identity,
                        refusal: "No disk with identity \(identity) is here; attach it, or see mtctl disks for those "
                            + "that are.")
                ])
        }
        return judge(disk, in: scan, for: requirement)
    }

    /// Judges a device. Blocks for as long as opening it takes; nothing is written.
    public func judge(_ disk: Disk, in scan: DiskScan, for requirement: Requirement) -> TargetVerdict {
        let context = Context(disk: disk, scan: scan, requirement: requirement)
        let lines = TargetRule.allCases.map { rule in
            TargetVerdict.Line(
                rule: rule, refusal: rule == .exclusiveOpen ? exclusiveOpen(disk) : context.refusal(rule))
        }
        return TargetVerdict(device: disk.name, identity: disk.identity, lines: lines)
    }

    private func exclusiveOpen(_ disk: Disk) -> String? {
        guard let error = opener.open(disk.devnode) else { return nil }
        return error.code == .busy
            ? "\(disk.name) cannot be opened exclusively: something has it in use; lsblk and fuser show what."
            : "\(disk.name) cannot be opened exclusively (\(error))."
    }
}
