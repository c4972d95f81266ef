// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What a group expects of a sender, and the one function that holds a Hello against it.
public struct GroupTerms: Hashable, Sendable {
    /// A disk of the group.
    public struct Disk: Hashable, Sendable {
        /// Its number in the group.
        public let number: DiskNumber
        /// Identity of the source disk that the group was bound to.
        public let sourceID: String
        /// 512-byte sectors of the source disk.
        public let sectorCount: UInt64
        /// Bytes: 512 or 4,096, as the source has it.
        public let logicalBlockSize: UInt32

        /// A disk as it is bound.
        public init(number: DiskNumber, sourceID: String, sectorCount: UInt64, logicalBlockSize: UInt32) {
            self.number = number
            self.sourceID = sourceID
            self.sectorCount = sectorCount
            self.logicalBlockSize = logicalBlockSize
        }
    }

    /// The group's name.
    public let group: String
    /// The disks that are bound; a Hello names all of them and no other.
    public let disks: [Disk]
    /// Host ids that may send for the group; empty: any process server of this authority.
    public let admittedHosts: Set<String>
    /// The highest token seen; a Hello may repeat it (the same sender reconnects) or exceed it.
    public let fencingToken: UInt64

    /// The terms of one group.
    public init(group: String, disks: [Disk], admittedHosts: Set<String> = [], fencingToken: UInt64) {
        self.group = group
        self.disks = disks
        self.admittedHosts = admittedHosts
        self.fencingToken = fencingToken
    }

    /// Why `hello`, from the host named in the peer's certificate, is not admitted, or nil.
    public func refusal(of hello: Frame.Hello, certifiedHost: String) -> Frame.Refuse? {
        guard hello.host == certifiedHost else {
            return Frame.Refuse(
                .hostNotAdmitted,
                "The Hello names host \(hello.host), the certificate \(certifiedHost): enrol the host under its own id."
            )
        }
        guard admittedHosts.isEmpty || admittedHosts.contains(certifiedHost) else {
            return Frame.Refuse(
                .hostNotAdmitted, "Group \(group) does not admit host \(certifiedHost): add it to the group's senders.")
        }
        guard hello.fencingToken >= fencingToken else {
            return Frame.Refuse(
                .staleFencingToken,
                "Group \(group) is at fencing token \(fencingToken), the Hello has \(hello.fencingToken): "
                    + "another sender took over.")
        }
        if let twice = disks.map(\.number).firstRepeated {
            return Frame.Refuse(
                .groupFailed,
                "Disk \(twice) is bound twice in group \(group): unbind one of them, or restore the group's record.")
        }
        let bound = Dictionary(disks.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        for disk in hello.disks {
            guard let known = bound[disk.number], known.sourceID == disk.sourceID else {
                return Frame.Refuse(
                    .disksDiffer,
                    "Disk \(disk.number) (\(disk.sourceID)) is not bound in group \(group): bind it, or leave it out.")
            }
            guard known.sectorCount == disk.sectorCount else {
                return Frame.Refuse(
                    .diskSizeDiffers,
                    "Disk \(disk.number) has \(disk.sectorCount) sectors at the source and was bound with "
                        + "\(known.sectorCount): bind it anew with its size.")
            }
            guard known.logicalBlockSize == disk.logicalBlockSize else {
                return Frame.Refuse(
                    .logicalBlockSizeDiffers,
                    "Disk \(disk.number) has blocks of \(disk.logicalBlockSize) bytes at the source and was bound with "
                        + "\(known.logicalBlockSize).")
            }
        }
        guard hello.disks.count == disks.count else {
            return Frame.Refuse(
                .disksDiffer,
                "The Hello names \(hello.disks.count) disks, group \(group) has \(disks.count): all of them are sent "
                    + "together, or no common point exists.")
        }
        return nil
    }
}
