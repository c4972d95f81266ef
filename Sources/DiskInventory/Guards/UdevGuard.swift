// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// The rules by which udev leaves bound disks alone, and with it UDisks, LVM, md, btrfs and systemd.
///
/// Two files, because udev's own rules lie between them: the first marks a bound disk before anything probes it, so that
/// no filesystem, volume or RAID member is ever seen on it; the second takes back what a distribution's rules have set
/// all the same. Nothing in them outlives the files: an event after they are gone sets the disk free.
///
/// Source: man 7 udev; `60-persistent-storage.rules` (`UDEV_DISABLE_PERSISTENT_STORAGE_BLKID_FLAG`); man 8 udisks
/// (`UDISKS_IGNORE`); man 5 systemd.device (`SYSTEMD_READY`).
public enum UdevGuard {
    /// A disk that nobody else may touch.
    public struct BoundDisk: Hashable, Sendable {
        /// Which disk.
        public let identity: DiskIdentity
        /// The UUID of the multipath map over it, where there is one.
        public let mapUUID: String?

        /// A disk, and its map.
        public init(identity: DiskIdentity, mapUUID: String? = nil) {
            self.identity = identity
            self.mapUUID = mapUUID
        }
    }

    /// A rules file.
    public struct File: Hashable, Sendable {
        /// Its name, by which udev orders the files.
        public let name: String
        /// What is in it.
        public let text: String
    }

    /// Where rules go that end with the machine's run.
    public static let runtimeFolder = "/run/udev/rules.d"
    /// Where rules go that stay.
    public static let persistentFolder = "/etc/udev/rules.d"
    private static let markName = "59-master-target.rules"
    private static let clearName = "61-master-target.rules"
    private static let head =
        "# Written by the Master Target agent, which replaces it when a disk is bound or released.\n"

    /// The rules files for all the disks that are bound.
    ///
    /// - Throws: ``InventoryError`` with `.unguardable` for an identity that cannot stand in a rule.
    public static func files(for disks: [BoundDisk]) throws(InventoryError) -> [File] {
        var rules: [String] = []
        for disk in disks.sorted(by: { $0.identity.rawValue < $1.identity.rawValue }) {
            rules.append("# \(disk.identity)")
            rules += try matches(disk).map { "\($0), ENV{MASTER_TARGET_BOUND}=\"1\"" }
        }
        let mark =
            head + """
                ACTION=="remove", GOTO="master_target_mark_end"
                SUBSYSTEM!="block", GOTO="master_target_mark_end"
                ENV{DEVTYPE}=="partition", IMPORT{parent}="MASTER_TARGET_BOUND"
                ENV{DEVTYPE}=="partition", GOTO="master_target_marked"
                \(rules.joined(separator: "\n"))
                LABEL="master_target_marked"
                ENV{MASTER_TARGET_BOUND}!="1", GOTO="master_target_mark_end"
                # No probing for filesystems and volumes, no device unit, no reading of the partition table after a close.
                ENV{UDEV_DISABLE_PERSISTENT_STORAGE_BLKID_FLAG}="1", ENV{UDISKS_IGNORE}="1", ENV{SYSTEMD_READY}="0"
                OPTIONS:="nowatch"
                LABEL="master_target_mark_end"

                """
        let clear =
            head + """
                ACTION=="remove", GOTO="master_target_clear_end"
                ENV{MASTER_TARGET_BOUND}!="1", GOTO="master_target_clear_end"
                ENV{ID_FS_TYPE}!="mpath_member", ENV{ID_FS_TYPE}=""
                ENV{ID_FS_USAGE}="", ENV{ID_FS_UUID}="", ENV{ID_FS_UUID_ENC}="", ENV{ID_FS_LABEL}="", ENV{ID_FS_LABEL_ENC}=""
                ENV{ID_PART_TABLE_TYPE}="", ENV{ID_PART_TABLE_UUID}=""
                ENV{UDISKS_IGNORE}="1", ENV{SYSTEMD_READY}="0", OPTIONS+="link_priority=-200"
                LABEL="master_target_clear_end"

                """
        return [File(name: markName, text: mark), File(name: clearName, text: clear)]
    }

    /// The conditions by which udev knows the disk: by what the kernel says of it, before any program has run.
    private static func matches(_ disk: BoundDisk) throws(InventoryError) -> [String] {
        let text = try permitted(disk.identity.rawValue)
        var matches: [String] = []
        let disk83 = "KERNEL==\"sd*[!0-9]\", ENV{DEVTYPE}==\"disk\""
        switch disk.identity.kind {
        case .naa: matches.append("ATTR{device/wwid}==\"naa.\(text.dropFirst())\"")
        case .eui64: matches.append("ATTR{device/wwid}==\"eui.\(text.dropFirst())\"")
        case .scsiName: matches.append("ATTR{device/wwid}==\"\(pattern(text.dropFirst()))\"")
        case .t10VendorID:
            matches.append(
                "\(disk83), PROGRAM==\"scsi_id --whitelisted --replace-whitespace --page=0x83 -d $devnode\", "
                    + "RESULT==\"\(text)\"")
        case .unitSerial:
            matches.append(
                "\(disk83), PROGRAM==\"scsi_id --whitelisted --replace-whitespace --page=0x80 -d $devnode\", "
                    + "RESULT==\"\(text)\"")
        case .nvme: matches.append(nvme(text))
        case .virtio: matches.append("KERNEL==\"vd*[!0-9]\", ATTR{serial}==\"\(pattern(text.dropFirst(7)))\"")
        }
        let map = try permitted(disk.mapUUID ?? "mpath-\(text)")
        matches.append("KERNEL==\"dm-*\", ENV{DM_UUID}==\"\(map)\"")
        return matches
    }

    /// The kernel prints an NGUID and a UUID with hyphens, an EUI-64 with spaces.
    private static func nvme(_ text: String) -> String {
        let digits = text.drop { $0 != "." }.dropFirst().filter { $0 != "-" }
        func groups(_ lengths: [Int], _ separator: String) -> String {
            var rest = digits[...]
            return lengths.map { length in
                defer { rest = rest.dropFirst(length) }
                return String(rest.prefix(length))
            }.joined(separator: separator)
        }
        if text.hasPrefix("uuid.") { return "ATTR{uuid}==\"\(groups([8, 4, 4, 4, 12], "-"))\"" }
        return digits.count == 32
            ? "ATTR{nguid}==\"\(groups([8, 4, 4, 4, 12], "-"))\""
            : "ATTR{eui}==\"\(groups(Array(repeating: 2, count: 8), " "))\""
    }

    /// An underscore in an identity stands for whitespace or for what has no place in a name.
    private static func pattern(_ text: some StringProtocol) -> String {
        text.map { $0 == "_" ? "?*" : String($0) }.joined()
    }

    /// What stands between quotation marks in a rule must neither end it nor be a pattern.
    private static func permitted(_ text: String) throws(InventoryError) -> String {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: "#+-.:=@_".utf8.contains(byte)
            }
        }
        guard allowed, !text.isEmpty else {
            throw InventoryError(
                .unguardable,
                "The identity \(text) has characters that cannot stand in a udev rule, so the disk cannot be guarded. Give "
                    + "it a plain identity in the array or the hypervisor.")
        }
        return text
    }

    /// Writes the rules, or removes them when no disk is bound. Blocks until they are durable.
    ///
    /// udev reads them by itself within seconds; ``announce(_:root:)`` makes it look at a disk again.
    /// - Parameters:
    ///   - folder: ``runtimeFolder`` or ``persistentFolder``.
    ///   - root: The folder that stands for `/`.
    public static func install(
        _ disks: [BoundDisk], folder: String = runtimeFolder, root: String = ""
    ) throws(InventoryError) {
        let files = try files(for: disks)
        let path = (root == "/" ? "" : root) + folder
        do {
            try FolderTree.make(path, mode: 0o755)
            let rules = try DirectoryFolder(path: path)
            for file in files {
                if disks.isEmpty {
                    if try rules.contents(of: file.name, limit: 1 << 20) != nil { try rules.remove(file.name) }
                } else {
                    try rules.replace(file.name, with: Array(file.text.utf8))
                }
            }
            try rules.sync()
        } catch {
            throw InventoryError(
                .folderFailed, "The rules that keep others off bound disks cannot be written to \(path) (\(error)).",
                cause: error)
        }
    }

    /// Has udev read its rules now. By itself it looks for changed ones every three seconds at most, and what is announced
    /// before that meets the old ones. Does nothing where no udev runs. Blocks. Source: man 8 udevadm, `control`.
    ///
    /// - Throws: ``InventoryError`` with `.unguardable` where it does not listen.
    public static func reload() throws(InventoryError) {
        guard SystemFiles.exists("/run/udev/control") else { return }
        let failure = ShellCommand.run(
            "udevadm control --reload", environment: [], timeout: 10_000_000_000, clock: MachineSteadyClock())
        guard let failure else { return }
        throw InventoryError(
            .unguardable, "udev could not be told of the rules that keep others off bound disks: \(failure).")
    }

    /// Asks the kernel to announce a device again, so that udev applies the rules to it. Source: the kernel's ABI
    /// documentation, `sysfs-uevent`.
    public static func announce(_ disk: Disk, root: String = "") throws(DeviceError) {
        try SystemFiles.write("change", to: "\(root == "/" ? "" : root)/sys/block/\(disk.name)/uevent")
        for partition in disk.partitions {
            try SystemFiles.write(
                "change", to: "\(root == "/" ? "" : root)/sys/block/\(disk.name)/\(partition.name)/uevent")
        }
    }
}
