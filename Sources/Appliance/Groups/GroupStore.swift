// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import FoundationEssentials
import LinuxSystem
import RetentionFormat
import RetentionStore
import StoragePrimitives

/// A group's history with its targets, in the words of the control interface. Its calls block.
final class GroupStore: Sendable {
    struct Status: Sendable {
        var unsynced: Set<DiskNumber>
        /// Everything that was taken in is in the journal.
        var isJournaled: Bool
        /// Something was ever received.
        var hasBegun: Bool
        var failure: ControlFailure?
        /// Why nothing is taken at the moment, although it may be again.
        var blocked: String?
        var durable: UInt64
        var applied: UInt64
        var lastDurable: Timestamp?
        var retention: GroupRetentionReport
    }

    let group: RetentionGroup
    private let folder: DirectoryFolder
    private let targets: [ReleasableTarget]
    private let bound: [(number: DiskNumber, size: ByteCount, target: ReleasableTarget)]
    /// The memory that it was opened for.
    let share: MemoryShare

    private init(
        group: RetentionGroup, folder: DirectoryFolder, disks: [(ReleasableTarget, GroupDisk)], share: MemoryShare
    ) {
        self.group = group
        self.folder = folder
        targets = disks.map(\.0)
        bound = disks.map { ($1.number, $1.size, $0) }
        self.share = share
        group.start()
    }

    static func create(
        _ record: GroupRecord, targets: [DiskNumber: any BlockDevice], environment: GroupEnvironment
    ) throws -> GroupStore {
        let folder = try DirectoryFolder(path: environment.historyPath(record.id), create: true)
        let disks = disks(record, targets)
        let share = environment.memory.share
        let group = try RetentionGroup.create(
            in: folder, manifest: try manifest(record), disks: disks.map(\.1), settings: settings(record, share),
            clock: environment.clock)
        return GroupStore(group: group, folder: folder, disks: disks, share: share)
    }

    static func open(
        _ record: GroupRecord, targets: [DiskNumber: any BlockDevice], environment: GroupEnvironment
    ) throws -> GroupStore {
        let folder: DirectoryFolder
        do {
            folder = try DirectoryFolder(path: environment.historyPath(record.id))
        } catch {
            throw ControlFailure(
                .unavailable, "The history of group \(record.name) is not on \(environment.retentionPath) (\(error)).",
                remedy: "Mount the retention volume that has it.")
        }
        let disks = disks(record, targets)
        let share = environment.memory.share
        let group = try RetentionGroup.open(
            in: folder, disks: disks.map(\.1), settings: settings(record, share), clock: environment.clock)
        return GroupStore(group: group, folder: folder, disks: disks, share: share)
    }

    private static func disks(
        _ record: GroupRecord, _ targets: [DiskNumber: any BlockDevice]
    ) -> [(ReleasableTarget, GroupDisk)] {
        record.disks.compactMap { disk in
            guard let device = targets[disk.number] else { return nil }
            let target = ReleasableTarget(device, name: disk.target)
            return (
                target,
                GroupDisk(
                    number: disk.number, size: disk.size, logicalBlockSize: Int(disk.logicalBlockSize), target: target)
            )
        }
    }

    private static func settings(_ record: GroupRecord, _ share: MemoryShare) -> RetentionSettings {
        var settings = RetentionSettings()
        share.apply(to: &settings)
        settings.windowSeconds = Int64(clamping: record.policy.retentionSeconds)
        settings.quota = record.policy.quotaBytes.map { ByteCount($0) }
        return settings
    }

    static func manifest(_ record: GroupRecord) throws -> GroupManifest {
        guard let id = UUID(uuidString: record.id) else {
            throw ControlFailure(
                .corrupt, "The record of group \(record.name) has the id \"\(record.id)\", which is none.",
                remedy: "Restore its record.")
        }
        var manifest = GroupManifest(
            id: id, name: record.name, created: record.created.timestamp, lifecycle: record.state.name)
        manifest.disks = record.disks.map { disk in
            GroupManifest.Disk(
                number: disk.number, sourceID: disk.source, size: disk.size,
                logicalBlockSize: Int(disk.logicalBlockSize),
                target: disk.target)
        }
        manifest.policy.rpoThresholdSeconds = Int64(clamping: record.policy.rpoThresholdSeconds)
        manifest.policy.retentionSeconds = Int64(clamping: record.policy.retentionSeconds)
        manifest.policy.applicationConsistentSeconds = Int64(clamping: record.policy.applicationConsistentSeconds)
        manifest.policy.quota = record.policy.quotaBytes.map { ByteCount($0) }
        manifest.fencingToken = record.fencingToken
        return manifest
    }

    /// Writes what changed of the group into its own folder, from which another appliance can open it.
    func note(_ record: GroupRecord) throws { try Self.manifest(record).write(to: folder) }

    var status: Status {
        let status = group.status
        let newest = newest
        return Status(
            unsynced: Set(status.unsynced), isJournaled: status.pendingOperations == 0,
            hasBegun: status.epochs + status.liveEpochs > 0 || status.durable > .none,
            failure: status.failure.map { .from($0) }, blocked: status.blocked?.message,
            durable: status.durable.rawValue,
            applied: status.applied.rawValue, lastDurable: newest,
            retention: GroupRetentionReport(
                usedBytes: status.usedBytes, oldest: status.oldestTime.map { DateTime($0) },
                newest: newest.map { DateTime($0) }, epochs: UInt64(status.epochs + status.liveEpochs),
                waiting: UInt64(status.pendingOperations + status.queuedItems)))
    }

    /// Source time of the newest application-consistent point.
    var lastApplicationConsistent: Timestamp? {
        group.stretches().reversed().lazy.flatMap { $0.bookmarks.reversed() }
            .first { $0.kind == .applicationConsistent }?.time
    }

    /// Names the newest point, and waits until that is in history.
    func bookmark(_ label: String, as kind: Bookmark.Kind) throws {
        let before = count(label)
        try group.mark(label, as: kind)
        let bell = Doorbell()
        for _ in 0..<Self.bookmarkTries {
            if count(label) > before { return }
            // Nobody rings: it is a pause.
            _ = bell.wait(nanoseconds: Self.bookmarkPause)
        }
        throw ControlFailure(
            .unavailable, "Bookmark \(label) of group \(group.manifest.name) is not durable yet.",
            remedy: "mtctl points \(group.manifest.name) shows when it is.")
    }

    private func count(_ label: String) -> Int {
        group.stretches().reduce(0) { $0 + $1.bookmarks.count { $0.label == label } }
    }

    /// Ten seconds in all: a journal that takes longer is stuck or full.
    private static let bookmarkTries = 2_500
    private static let bookmarkPause: Int64 = 4_000_000

    // MARK: Long work

    func drain() throws { try group.drain() }

    func rewind(to sequence: UInt64, progress: (ByteCount) -> Void) throws {
        _ = try group.rewind(to: SequenceNumber(sequence)) { progress(ByteCount($0)) }
    }

    /// What the targets look like now.
    func fingerprint(sequence: UInt64) throws -> GroupFingerprint {
        var disks: [TargetFingerprint] = []
        for (number, size, target) in bound {
            disks.append(try TargetFingerprint(of: target, disk: number, size: size.rawValue))
        }
        return GroupFingerprint(sequence: sequence, disks: disks)
    }

    /// Makes the targets durable.
    func flush() throws { for target in targets { try target.flush() } }

    /// Ends the work and gives the targets back.
    func close() {
        group.observe(nil)
        group.close()
        for target in targets { target.release() }
    }
}
