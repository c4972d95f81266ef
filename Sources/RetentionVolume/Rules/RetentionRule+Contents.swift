// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

// What the volume is and carries.
extension RetentionRule {
    /// Filesystems that the store works on.
    public static let workingFilesystems: Set<String> = ["xfs", "ext4"]
    /// FAT and its kin, by the names of libblkid and of the kernel.
    static let fatFamily: Set<String> = ["vfat", "fat", "msdos", "fat12", "fat16", "fat32", "exfat", "ntfs", "ntfs3"]
    /// Filesystems on somebody else's machine.
    static let networkFilesystems: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "afs", "ncpfs", "lustre", "sshfs",
        "fuse.sshfs", "fuse.glusterfs",
    ]
    /// Filesystems that are gone at the next start, or are a view of others.
    static let volatileFilesystems: Set<String> = ["tmpfs", "ramfs", "overlay", "squashfs", "iso9660", "udf"]

    static let hasRoom = RetentionRule("capacity", "has a capacity") { (facts, _) in
        facts.size > .zero
            ? .met("It has \(facts.size).")
            : .failed("\(facts.name) has a capacity of zero: give it a medium, or choose another volume.")
    }

    static let hasEnoughRoom = RetentionRule("enough-room", "is large enough") { (facts, context) in
        facts.size >= context.minimumSize
            ? .met("It has \(facts.size), at least \(context.minimumSize) are needed.")
            : .failed("\(facts.name) has \(facts.size), and at least \(context.minimumSize) are needed: enlarge it.")
    }

    static let isPermanent = RetentionRule("permanent", "keeps its contents, on this machine") { (facts, _) in
        if facts.node?.kind == .memory {
            return .failed("\(facts.name) is memory, which a restart empties: choose a disk.")
        }
        let type = facts.mounts.first?.type ?? facts.filesystem ?? ""
        if networkFilesystems.contains(type) {
            return .failed(
                "\(facts.name) is a network filesystem (\(type)), which does not keep the promises of a local one: "
                    + "choose a disk.")
        }
        if volatileFilesystems.contains(type) {
            return .failed("\(facts.name) is \(type), which does not keep what is written: choose a disk.")
        }
        guard facts.node != nil else {
            return .failed("\(facts.name) (\(type)) lies on no block device of this machine: choose a disk.")
        }
        return .met("It is a block device of this machine.")
    }

    static let isNotFAT = RetentionRule("not-fat", "is not FAT, FAT32, exFAT or NTFS") { (facts, _) in
        let names = facts.signatures.map(\.name) + facts.mounts.map(\.type)
        guard let name = names.first(where: { fatFamily.contains($0.lowercased()) }) else {
            return .met("It carries none of these.")
        }
        return .failed(
            "\(facts.name) carries \(name), which cannot hold the history: have it made XFS with "
                + "'mtctl retention prepare \(facts.devnode ?? facts.name) --yes-destroy \(name)'.",
            isCuredByFormatting: true)
    }

    static let hasWorkingFilesystem = RetentionRule("working-filesystem", "carries XFS or ext4") { (facts, _) in
        if let problem = facts.signatureProblem {
            return .failed(
                "What \(facts.name) carries could not be found out (\(problem)): look at it as root, with "
                    + "'wipefs'.")
        }
        guard !facts.signatures.isEmpty else {
            // A filesystem without a device is what its mount says.
            if facts.node == nil, let type = facts.filesystem {
                return workingFilesystems.contains(type) ? .met("It is \(type).") : .failed("\(facts.name) is \(type).")
            }
            return .unprepared("It is blank; 'mtctl retention prepare \(facts.devnode ?? facts.name)' makes it XFS.")
        }
        if facts.signatures.count == 1, workingFilesystems.contains(facts.signatures[0].name) {
            return .met("It carries \(facts.signatures[0].title).")
        }
        let names = facts.signatures.map(\.title).joined(separator: ", ")
        let flags = facts.signatures.map { "--yes-destroy \($0.name)" }.joined(separator: " ")
        return .failed(
            "\(facts.name) carries \(names); what works is one filesystem, XFS or ext4: choose another, or have it made "
                + "anew with 'mtctl retention prepare \(facts.devnode ?? facts.name) \(flags)'.",
            isCuredByFormatting: true)
    }

    static let isWritable = RetentionRule("writable", "takes writes") { (facts, _) in
        if facts.node?.isReadOnly == true {
            return .failed("\(facts.name) is read-only by its device: see 'blockdev --getro', or the VM's disk mode.")
        }
        if let mount = facts.mounts.first(where: \.isReadOnly) {
            return .failed(
                "\(facts.name) is mounted read-only on \(mount.target), by choice or after an error: see 'dmesg'.")
        }
        return .met("Neither the device nor a mount is read-only.")
    }
}
