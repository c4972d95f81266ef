// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Something about the retention folder that matters while it is used.
public enum VolumeFinding: Hashable, Sendable {
    case noFolder(path: String)
    case unreadableTable(String)
    case notMounted(path: String, on: MountEntry?)
    case onRoot(path: String, MountEntry)
    case otherFilesystem(path: String, found: String?, expected: String)
    case unknownFilesystem(path: String, source: String)
    case unsuitable(path: String, type: String)
    case readOnly(path: String)
    case unwritable(path: String, DeviceError)
    case littleRoom(path: String, free: ByteCount, total: ByteCount)
    case almostFull(path: String, free: ByteCount)
    case unknownRoom(path: String)
    case bindMount(path: String, MountEntry)

    /// How bad it is.
    public enum Severity: Int, Comparable, Sendable {
        /// Worth knowing.
        case note
        case warning
        case critical

        /// Less bad.
        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    /// Free bytes below which it is critical.
    public static let criticalRoom = ByteCount.gibibytes(1)
    /// Free hundredths of the volume below which it is a warning.
    static let lowHundredths: UInt64 = 10

    /// How bad it is.
    public var severity: Severity {
        switch self {
        case .bindMount: .note
        case .littleRoom, .unknownRoom, .unknownFilesystem: .warning
        case .noFolder, .unreadableTable, .notMounted, .onRoot, .otherFilesystem, .unsuitable, .readOnly, .unwritable,
            .almostFull:
            .critical
        }
    }

    /// A sentence with what to do.
    public var sentence: String {
        switch self {
        case .noFolder(let path):
            "There is no folder \(path): prepare a volume with 'mtctl retention prepare'."
        case .unreadableTable(let reason): "The mount table could not be read (\(reason))."
        case .notMounted(let path, let entry):
            "Nothing is mounted on \(path); what is written there would go to \(entry?.target ?? "an unknown filesystem") "
                + "(\(entry?.source ?? "unknown")): 'systemctl start \(MountUnit.escape(path)).mount'."
        case .onRoot(let path, let entry):
            "\(path) lies on the root filesystem (\(entry.source)), which history would fill: give it a volume of its "
                + "own with 'mtctl retention prepare'."
        case .otherFilesystem(let path, let found, let expected):
            "Another filesystem is mounted on \(path): it has the UUID \(found ?? "none"), and \(expected) is expected. "
                + "Mount the right one, or set the expected UUID."
        case .unknownFilesystem(let path, let source):
            "Which filesystem is mounted on \(path) could not be found out: \(source) cannot be read."
        case .unsuitable(let path, let type): "\(path) is \(type), and XFS or ext4 is needed."
        case .readOnly(let path):
            "\(path) has become read-only, which filesystems do after an error: see 'dmesg', then 'xfs_repair' or "
                + "'fsck' with it unmounted."
        case .unwritable(let path, let error): "Nothing can be written to \(path): \(error)."
        case .littleRoom(let path, let free, let total):
            "\(path) has \(free) of \(total) left: enlarge it, or keep less history."
        case .almostFull(let path, let free): "\(path) has only \(free) left: enlarge it, or keep less history, now."
        case .unknownRoom(let path): "How much room \(path) has could not be found out."
        case .bindMount(let path, let entry):
            "\(path) is the folder \(entry.root) of \(entry.source), mounted a second time; that is in order."
        }
    }

    /// Everything about an observation, the worst first.
    ///
    /// - Parameter expectedUUID: The filesystem that is to be there; nil when any will do.
    public static func findings(_ seen: VolumeObservation, expectedUUID: String?) -> [VolumeFinding] {
        let path = seen.path
        guard seen.hasFolder else { return [.noFolder(path: path)] }
        var findings: [VolumeFinding] = []
        if let problem = seen.tableProblem {
            findings.append(.unreadableTable(problem))
        } else {
            findings += placement(seen, expectedUUID: expectedUUID)
        }
        let isReadOnly = seen.mount?.isReadOnly == true
        switch seen.probe {
        case .failed(let error) where error.code == .readOnly: findings.append(.readOnly(path: path))
        case .failed(let error):
            if isReadOnly { findings.append(.readOnly(path: path)) }
            findings.append(.unwritable(path: path, error))
        case .written, .notTried:
            if isReadOnly { findings.append(.readOnly(path: path)) }
        }
        // The room of the filesystem below is none of ours.
        let isElsewhere = findings.contains { finding in
            if case .notMounted = finding { return true }
            return false
        }
        if !isElsewhere { findings += room(seen) }
        return findings.enumerated().sorted {
            $0.element.severity == $1.element.severity
                ? $0.offset < $1.offset : $0.element.severity > $1.element.severity
        }.map(\.element)
    }

    /// What lies there, and whether it is what should.
    private static func placement(_ seen: VolumeObservation, expectedUUID: String?) -> [VolumeFinding] {
        let path = seen.path
        guard let mount = seen.mount, seen.isMountPoint else {
            // A plain folder on another filesystem than the root's may be meant so; not when a volume is expected.
            if let mount = seen.mount, let root = seen.root, mount.device == root.device {
                return [.notMounted(path: path, on: mount), .onRoot(path: path, mount)]
            }
            return [.notMounted(path: path, on: seen.mount)]
        }
        var findings: [VolumeFinding] = []
        if let root = seen.root, root.device == mount.device { findings.append(.onRoot(path: path, mount)) }
        if mount.isBindMount { findings.append(.bindMount(path: path, mount)) }
        if !RetentionRule.workingFilesystems.contains(mount.type) {
            findings.append(.unsuitable(path: path, type: mount.type))
        }
        if let expectedUUID {
            if let found = seen.signature?.uuid {
                if found.lowercased() != expectedUUID.lowercased() {
                    findings.append(.otherFilesystem(path: path, found: found, expected: expectedUUID))
                }
            } else if seen.signature != nil {
                findings.append(.otherFilesystem(path: path, found: nil, expected: expectedUUID))
            } else {
                findings.append(.unknownFilesystem(path: path, source: mount.source))
            }
        }
        return findings
    }

    private static func room(_ seen: VolumeObservation) -> [VolumeFinding] {
        guard let space = seen.space else { return [.unknownRoom(path: seen.path)] }
        if space.available < criticalRoom { return [.almostFull(path: seen.path, free: space.available)] }
        let low = space.total.rawValue / 100 * lowHundredths
        return space.available.rawValue < low
            ? [.littleRoom(path: seen.path, free: space.available, total: space.total)] : []
    }
}
