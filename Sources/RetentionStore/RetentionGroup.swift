// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionFormat
import StoragePrimitives
import Synchronization

/// A protected group's history and disks: takes batches in, makes them durable, applies them, and shows any point of
/// the past.
///
/// The eight promises that it keeps are in this target's documentation. Intake never blocks; the calls under
/// “Management” do, and are made on a thread of their own.
public final class RetentionGroup: Sendable {
    /// What the group is, as its folder said when it was opened.
    public let manifest: GroupManifest
    let shared: GroupShared
    let threads = Mutex<GroupThreads?>(nil)
    private let digestThread = Mutex<DiskThread?>(nil)

    init(manifest: GroupManifest, shared: GroupShared) {
        self.manifest = manifest
        self.shared = shared
    }

    // MARK: Opening

    /// Makes a group in an empty folder.
    public static func create(
        in folder: any StoreFolder, manifest: GroupManifest, disks: [GroupDisk], settings: RetentionSettings,
        clock: any WallClock
    ) throws(RetentionError) -> RetentionGroup {
        do {
            guard try folder.contents(of: GroupManifest.fileName, limit: GroupManifest.maximumBytes) == nil else {
                throw RetentionError(.notAccepting, "\(folder.path) holds a group already.")
            }
            // What is left of a creation that was cut short.
            if try folder.names().contains(StateFile.name) { try folder.remove(StateFile.name) }
            try StateFile.create(in: folder)
        } catch let error as RetentionError {
            throw error
        } catch let error as DeviceError {
            throw .retention(error)
        } catch {
            throw RetentionError(.retentionFailed, "\(error)")
        }
        try manifest.write(to: folder)
        return try open(in: folder, disks: disks, settings: settings, clock: clock)
    }

    /// Opens the group in `folder` and finds the state that everything acknowledged is part of.
    ///
    /// - Throws: `.targetMismatch` for a disk that does not fit the manifest, `.journalDamaged`, `.historyDamaged`,
    ///   `.unknownVersion`, `.retentionFailed`.
    public static func open(
        in folder: any StoreFolder, disks: [GroupDisk], settings: RetentionSettings, clock: any WallClock
    ) throws(RetentionError) -> RetentionGroup {
        let manifest = try GroupManifest.read(from: folder)
        try check(disks, manifest: manifest)
        let byNumber = Dictionary(disks.map { ($0.number, $0) }) { first, _ in first }
        let sectors = byNumber.mapValues { $0.size.rawValue / Sector.size }
        let files: HistoryFiles
        do {
            files = try HistoryFiles(
                folder: folder, group: manifest.groupID, segmentSize: settings.segmentSize, reserve: settings.reserve,
                quota: settings.quota, sectors: sectors, clock: clock)
        } catch {
            throw .retention(error)
        }
        let state = try GroupRecovery(files: files, disks: Set(byNumber.keys)).run()
        let shared = GroupShared(files: files, disks: byNumber, settings: settings, clock: clock, state: state)
        return RetentionGroup(manifest: manifest, shared: shared)
    }

    private static func check(_ disks: [GroupDisk], manifest: GroupManifest) throws(RetentionError) {
        if let twice = manifest.disks.map(\.number).firstRepeated {
            throw RetentionError(
                .manifestDamaged,
                "The manifest of group \(manifest.name) names disk \(twice) twice. Put back a copy, or make it again with "
                    + "`mtctl retention rebuild`.")
        }
        if let twice = disks.map(\.number).firstRepeated {
            throw RetentionError(
                .targetMismatch,
                "Disk \(twice) of group \(manifest.name) was given twice. Bind each of its disks once.")
        }
        guard Set(disks.map(\.number)) == Set(manifest.disks.map(\.number)), disks.count == manifest.disks.count else {
            throw RetentionError(
                .targetMismatch,
                """
                Group \(manifest.name) has \(manifest.disks.count) disks and \(disks.count) were given. Bind each of \
                its disks once.
                """)
        }
        for disk in disks {
            guard disk.logicalBlockSize == 512 || disk.logicalBlockSize == 4096, disk.size.rawValue % 512 == 0 else {
                throw RetentionError(
                    .targetMismatch,
                    "Disk \(disk.number) has \(disk.size) in blocks of \(disk.logicalBlockSize) bytes; blocks have 512 or 4096."
                )
            }
            guard disk.target.size >= disk.size else {
                throw RetentionError(
                    .targetMismatch,
                    """
                    Target \(disk.target.name) has \(disk.target.size), less than the \(disk.size) of disk \
                    \(disk.number). Bind a target at least as large.
                    """)
            }
            guard disk.logicalBlockSize % disk.target.logicalBlockSize == 0 else {
                throw RetentionError(
                    .targetMismatch,
                    """
                    Target \(disk.target.name) has blocks of \(disk.target.logicalBlockSize) bytes and disk \
                    \(disk.number) writes blocks of \(disk.logicalBlockSize). Bind a target with blocks as small.
                    """)
            }
            // Not quite as much: the end of the last disk has to be an address too.
            guard disk.size.rawValue / Sector.size < DiskAddress.sectorLimit else {
                throw RetentionError(
                    .targetMismatch, "Disk \(disk.number) has \(disk.size); a disk has to have less than 128 PiB.")
            }
        }
    }

    // MARK: Running

    /// Starts the journal's and the applier's threads.
    public func start() {
        threads.withLock { threads in
            guard threads == nil else { return }
            threads = GroupThreads(shared)
        }
    }

    /// Waits until everything taken in is journaled and applied, or the group has failed.
    public func drain() throws(RetentionError) {
        while true {
            let (isDone, failure) = shared.state.withLock { state in
                (
                    state.pending.isEmpty && state.inJournal.isEmpty && state.queue.isEmpty
                        && state.live.dropLast().isEmpty, state.failure
                )
            }
            if let failure { throw failure }
            if isDone { return }
            pauseBriefly()
        }
    }

    /// Drains what is durable, notes how far it got, and ends the threads. Later intake is refused.
    public func close() {
        shared.state.withLock { state in
            if state.failure == nil {
                state.failure = RetentionError(.closed, "The group is closed. Start the agent or reopen the group.")
            }
        }
        threads.withLock { threads in
            threads?.finish()
            threads = nil
        }
        digestThread.withLock { thread in
            thread?.finish()
            thread = nil
        }
        // Without it the next start looks further back; nothing is lost.
        try? shared.writeSlot()
    }

    /// Told of everything that a session has to know; nil when there is none.
    public func observe(_ observer: (@Sendable (RetentionEvent) -> Void)?) {
        shared.observer.withLock { $0.call = observer }
    }

    // MARK: Management

    /// How the group stands at this moment. Does no I/O.
    public var status: RetentionStatus {
        let directory = PointDirectory(shared: shared)
        let state = shared.state.withLock { $0 }
        let oldest = directory.oldestPoint(state)
        let applied = state.live.flatMap(\.batches).last { $0.sequence <= state.applied }?.lastTime
        let last = state.live.last { !$0.batches.isEmpty }?.summary ?? state.sealed.last?.summary
        return RetentionStatus(
            durable: state.durable, applied: state.applied, durableSource: state.durableSource,
            appliedSource: state.appliedSource, durableTime: last?.lastTime,
            appliedTime: applied ?? state.sealed.last?.summary.lastTime, lastReceived: last?.lastReceived,
            oldestPoint: oldest,
            oldestTime: oldest.flatMap { point in state.epochs.first { $0.lastSequence >= point }?.firstTime },
            epochs: state.sealed.count, liveEpochs: state.live.count, usedBytes: shared.files.usedBytes,
            pendingOperations: state.pending.count + state.inJournal.count, queuedItems: state.queue.count,
            unsynced: state.unsynced.sorted(),
            failure: state.failure, blocked: state.blocked, counters: state.counters)
    }

    /// What was done since the group was opened; also of one that was closed.
    public var counters: RetentionCounters { shared.state.withLock { $0.counters } }

    /// Every stretch of history that can be recovered to, oldest first.
    public func stretches() -> [RecoveryStretch] { PointDirectory(shared: shared).stretches() }

    /// The point that a selector means.
    public func resolve(_ selector: PointSelector) throws(RetentionError) -> RecoveryPoint {
        try PointDirectory(shared: shared).resolve(selector)
    }

    /// Makes the disks show a point: a durable order first, then the writes, captured like any others, so that a rewind
    /// can be rewound. Blocks until the disks are flushed. An order that a crash cuts short is carried out at the next
    /// start.
    ///
    /// - Parameter progress: Called now and then with the bytes written so far.
    /// - Returns: The number that the rewind has in history; the point before it is what was the latest.
    public func rewind(
        to point: SequenceNumber, progress: (UInt64) -> Void = { _ in }
    ) throws(RetentionError) -> SequenceNumber {
        let started = shared.state.withLock { state in
            state.rewindFailure = nil
            return state.counters.writtenBytes
        }
        let request = try requestRewind(to: point)
        while true {
            let (failure, applied, written, order) = shared.state.withLock { state in
                (state.failure, state.applied, state.counters.writtenBytes, state.orderedRewinds[request])
            }
            if let failure { throw failure }
            progress(written - started)
            if let order, applied >= order, let cause = shared.state.withLock({ $0.rewindFailure }) {
                throw RetentionError(
                    .historyDamaged, "The disks could not be rewound and show the latest point again: \(cause.message)",
                    cause: cause.cause)
            }
            if let order, applied >= order {
                _ = shared.state.withLock { $0.orderedRewinds.removeValue(forKey: request) }
                return order
            }
            pauseBriefly()
        }
    }

    /// Queues the order; the engines carry it out. The number under which its sequence number will be found.
    func requestRewind(to point: SequenceNumber) throws(RetentionError) -> UInt64 {
        // What cannot be read makes the point no surer, and is told when the rewind needs it.
        let accuracy = (try? resolve(.sequence(point.rawValue)).accuracy) ?? .notGuaranteed
        let result = shared.state.withLock { state -> Result<UInt64, RetentionError> in
            do throws(RetentionError) {
                if let failure = state.failure { throw failure }
                try Self.checkNoRewind(in: state)
                guard state.openSyncs.isEmpty, state.unsynced.isEmpty else {
                    throw RetentionError(
                        .syncOpen, "A disk of this group is being synced. Wait until it ends, or fence the sender.")
                }
                _ = try PointLocator.place(point, in: state)
                state.openBatch?.isGivenUp = true
                state.openRewinds += 1
                state.nextRequest += 1
                state.pending.append(.rewind(point, request: state.nextRequest, accuracy: accuracy))
                return .success(state.nextRequest)
            } catch {
                return .failure(error)
            }
        }
        let request = try result.get()
        shared.journalBell.ring()
        return request
    }

    /// One of the group's disks.
    public func disk(_ number: DiskNumber) -> GroupDisk? { shared.disks[number] }

    /// The disks at a point, to read while replication goes on.
    public func view(at point: SequenceNumber) throws(RetentionError) -> PointInTimeView {
        try PointInTimeView(at: point, shared: shared)
    }

    /// Names the newest batch as a point, by the source's time of that batch. Only who knows that the source had made its
    /// state whole before may call it application-consistent.
    public func mark(_ label: String, as kind: Bookmark.Kind = .crashConsistent) throws(RetentionError) {
        let time = shared.state.withLock { $0.newestTime } ?? shared.clock.now()
        let bookmark = Bookmark(kind: kind, label: label, time: time)
        try append(bookmark, sourceSequence: 0)
    }

    /// What was taken in before the sync has to be on the target before it is compared.
    private func waitForSyncToBegin(_ disk: DiskNumber) throws(RetentionError) {
        while true {
            let (failure, isOpen, hasBegun) = shared.state.withLock { state in
                (
                    state.failure, state.openSyncs.contains(disk),
                    state.syncBegun[disk].map { $0 <= state.applied } ?? false
                )
            }
            if let failure { throw failure }
            guard isOpen else {
                throw RetentionError(.noSyncOpen, "Digests were asked for disk \(disk), whose sync is not open.")
            }
            if hasBegun { return }
            pauseBriefly()
        }
    }

    func pauseBriefly() {
        _ = Doorbell().wait(nanoseconds: 2_000_000)
    }

    func isDigestible(_ sectors: Range<UInt64>, of disk: GroupDisk, granularity: Int) -> Bool {
        let block = max(512, disk.target.logicalBlockSize)
        return granularity >= block && granularity <= Extent.maximumDataBytes && granularity % block == 0
            && sectors.upperBound <= disk.size.rawValue / Sector.size && !sectors.isEmpty
            && sectors.lowerBound % UInt64(block / 512) == 0 && sectors.upperBound % UInt64(block / 512) == 0
    }

    static func noSuchRange(_ disk: DiskNumber) -> RetentionError {
        RetentionError(.outOfRange, "Digests were asked for a range that disk \(disk) does not have.")
    }

    func onDigestThread(_ work: @escaping @Sendable () -> Void) {
        let thread = digestThread.withLock { thread in
            let running = thread ?? DiskThread(name: "digest")
            thread = running
            return running
        }
        thread.run(work)
    }

    /// Reads a target's digests for a resync, on a thread of its own.
    public func digest(
        _ disk: DiskNumber, sectors: Range<UInt64>, granularity: Int, seed: UInt64,
        then: @escaping @Sendable (Result<[RangeDigest], RetentionError>) -> Void
    ) {
        guard let bound = shared.disks[disk], isDigestible(sectors, of: bound, granularity: granularity) else {
            return then(.failure(Self.noSuchRange(disk)))
        }
        onDigestThread { [self] in
            do throws(RetentionError) {
                try waitForSyncToBegin(disk)
                then(
                    .success(
                        try TargetDigester.digest(
                            bound.target, sectors, granularity: granularity, seed: seed, team: DiskTeam.shared)))
            } catch {
                then(.failure(error))
            }
        }
    }
}

/// The threads of a running group.
final class GroupThreads: Sendable {
    private let journal: DiskThread
    private let applier: DiskThread
    private let isEnding = Mutex(false)
    private let shared: GroupShared

    /// How often an idle applier tidies history and notes how far it got.
    static let idleNanoseconds: Int64 = 1_000_000_000

    init(_ shared: GroupShared) {
        self.shared = shared
        journal = DiskThread(name: "journal")
        applier = DiskThread(name: "applier")
        journal.run { [self] in runJournal() }
        applier.run { [self] in runApplier() }
    }

    /// Ends both; what is under way is finished first.
    func finish() {
        isEnding.withLock { $0 = true }
        shared.journalBell.ring()
        shared.applyBell.ring()
        journal.finish()
        applier.finish()
    }

    private var shouldRun: Bool { !isEnding.withLock { $0 } }

    private var isBlocked: Bool { shared.state.withLock { $0.blocked != nil } }

    private func runJournal() {
        let engine = JournalEngine(shared)
        do throws(RetentionError) {
            while shouldRun {
                if try !engine.step() { shared.journalBell.wait() }
            }
        } catch {
            shared.fail(error)
        }
    }

    private func runApplier() {
        let engine = ApplyEngine(shared, team: DiskTeam.shared)
        let maintenance = Maintenance(shared: shared)
        var noted = SequenceNumber.none
        var tidied = Timestamp(rawValue: 0)
        do throws(RetentionError) {
            while shouldRun {
                let worked = try engine.step()
                if try maintenance.carryOutDiscard() { continue }
                if isBlocked, try maintenance.makeRoom() { continue }
                let now = shared.clock.now()
                guard now.nanoseconds(since: tidied) >= Self.idleNanoseconds || now < tidied else {
                    if !worked { _ = shared.applyBell.wait(nanoseconds: Self.idleNanoseconds) }
                    continue
                }
                tidied = now
                while shouldRun, try maintenance.step() {}
                if worked { continue }
                let applied = shared.state.withLock { $0.applied }
                if applied > noted {
                    try shared.writeSlot()
                    noted = applied
                }
                // A volume that was full may have room again.
                if isBlocked { shared.journalBell.ring() }
            }
        } catch {
            shared.fail(error)
        }
    }
}
