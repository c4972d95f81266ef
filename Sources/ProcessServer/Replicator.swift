// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import ReplicationProtocol
import StoragePrimitives

/// Replicates one group: sessions one after the other, and in each of them syncs and passes. Lives on one thread.
final class Replicator {
    struct Member {
        let source: any SourceDisk
        let number: DiskNumber
    }

    let settings: ProcessServerSettings
    let members: [Member]
    let store: PositionStore
    let connector: NetworkConnector
    let signal: WorkerSignal
    let clock: any SteadyClock
    let wallClock: any WallClock
    let report: @Sendable (ProgressReport) -> Void

    var geometries: [SourceGeometry] = []
    private var backoff = Backoff()
    private var limiter: RateLimiter?
    private var lastReason: String?
    private var lastSession: Int64

    // What the passes go on from; see Replicator+Passes.
    var planner: PassPlanner
    var lastPassStart: Int64?
    /// Whether change maps reach back to the last confirmed pass: only after a pass of this run, with none failed
    /// since.
    var areMapsTrusted = false

    init(
        settings: ProcessServerSettings, members: [Member], store: PositionStore, connector: NetworkConnector,
        signal: WorkerSignal, clock: any SteadyClock, wallClock: any WallClock,
        report: @escaping @Sendable (ProgressReport) -> Void
    ) {
        self.settings = settings
        self.members = members
        self.store = store
        self.connector = connector
        self.signal = signal
        self.clock = clock
        self.wallClock = wallClock
        self.report = report
        limiter = settings.rateLimit.map { RateLimiter(bytesPerSecond: max(1, $0)) }
        lastSession = clock.nanoseconds()
        switch settings.mode {
        case .once: planner = PassPlanner(interval: 0, fullScanEvery: settings.fullScanEvery)
        case .continuous(let interval): planner = PassPlanner(interval: interval, fullScanEvery: settings.fullScanEvery)
        }
    }

    /// Returns when there is nothing left to do, or when it was asked to stop.
    ///
    /// - Throws: What no further attempt can change.
    func run() throws(ProcessServerError) {
        if store.wasDamaged {
            report(.notice("The remembered position cannot be read; all disks are compared by digest."))
        }
        while true {
            do {
                return try session()
            } catch {
                if error.code == .stopped { return }
                if error.isPermanent { throw error }
                if error.code == .outOfStep { try store.forgetDisks(at: store.position.confirmed) }
                try pause(after: error)
            }
        }
    }

    private func pause(after error: ProcessServerError) throws(ProcessServerError) {
        if error.message != lastReason {
            report(.disconnected(error.message))
            lastReason = error.message
        }
        let now = clock.nanoseconds()
        if let limit = settings.giveUpAfter, now - lastSession > limit { throw error }
        let wait = backoff.failed(random: Double.random(in: 0..<1), retryAfter: error.retryAfterNanoseconds)
        do {
            // The last try is at the limit, whatever the receiver would rather have.
            let limit = settings.giveUpAfter.map { lastSession + $0 + 1 } ?? .max
            try signal.sleep(until: min(now + wait, max(now, limit)), clock: clock)
        } catch {
            // Asked to stop: the next look at the signal ends the run.
        }
    }

    private func session() throws(ProcessServerError) {
        try signal.check()
        if geometries.isEmpty { geometries = try probe() }
        let (link, welcome) = try connector.connect(try hello(), signal: signal, clock: clock) { [report] throttle in
            report(.throttled(Self.sentence(throttle)))
        }
        lastReason = nil
        lastSession = clock.nanoseconds()
        report(.connected(sessionID: welcome.sessionID, lastDurable: welcome.lastDurable))
        let sender = WriteSender(link: link, welcome: welcome, mode: settings.compression, limiter: limiter)
        do {
            try replicate(link, welcome, sender)
            link.close(.finished, "The process server has nothing more to send.")
        } catch {
            let isStop = error.code == .stopped
            link.close(isStop ? .shuttingDown : .finished, isStop ? "The process server ends." : error.message)
            lastSession = clock.nanoseconds()
            throw error
        }
    }

    private static func sentence(_ throttle: Frame.Throttle) -> String {
        guard throttle.holdMilliseconds > 0 else { return "The master target takes data again." }
        let cause =
            switch throttle.cause {
            case .journal: "journal"
            case .target: "target"
            case .quota: "quota"
            }
        return "Throttled by the \(cause) of the master target: \(throttle.message)"
    }

    /// Something that was sent is durable: what fails from now on is a new trouble.
    func progressed() { backoff.succeeded() }

    private func hello() throws(ProcessServerError) -> Frame.Hello {
        do {
            return try Frame.Hello(
                host: connector.host, group: settings.group, fencingToken: settings.fencingToken,
                disks: zip(members, geometries).map { member, geometry in
                    Frame.Hello.Disk(
                        number: member.number, sourceID: member.source.id,
                        sectorCount: geometry.size.rawValue / Sector.size,
                        logicalBlockSize: UInt32(geometry.logicalBlockSize))
                })
        } catch {
            throw ProcessServerError(.configuration, error.message, isPermanent: true)
        }
    }

    private func replicate(
        _ link: ReplicationLink, _ welcome: Frame.Welcome, _ sender: WriteSender
    ) throws(ProcessServerError) {
        let didSync = try catchUp(link, welcome, sender)
        switch settings.mode {
        case .once:
            let sequence =
                didSync && settings.isStatic
                ? try lastBookmark(link, after: link.nextSequence - 1) : try pass(link, sender, request: nil)
            guard let sequence else {
                throw ProcessServerError(.hookFailed, "The last pass was left out, since its command failed.")
            }
            try link.awaitApplied(sequence)
            report(.finished(sequence: sequence))
        case .continuous: try passes(link, sender)
        }
    }

    /// Settles the pending pass and syncs the disks that need it; whether any did.
    private func catchUp(
        _ link: ReplicationLink, _ welcome: Frame.Welcome, _ sender: WriteSender
    ) throws(ProcessServerError) -> Bool {
        let pending = store.position.pending
        let states = Dictionary(welcome.disks.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        let decision = ResumeDecision(
            receiver: welcome.lastDurable, confirmed: store.position.confirmed, pendingSequence: pending?.sequence,
            hasBookmark: pending?.bookmark != nil,
            disks: zip(members, geometries).map { member, geometry in
                let known = store.disk(member.source.id)
                return ResumeDecision.Disk(
                    remote: Self.remote(states[member.number]),
                    isRemembered: known?.isSynced == true && known?.size == geometry.size.rawValue
                        && known?.number == member.number)
            })
        switch decision.pending {
        case .none: break
        case .drop: try store.dropPending()
        case .promote(let sendBookmark):
            try store.promote(through: welcome.lastDurable)
            if sendBookmark, let bookmark = pending?.bookmark, decision.syncs.allSatisfy({ $0 == .none }) {
                try send(bookmark, link)
            }
        }
        guard !decision.syncs.allSatisfy({ $0 == .none }) else { return false }
        areMapsTrusted = false
        try sync(decision.syncs, link, sender)
        return true
    }

    private static func remote(_ disk: Frame.Welcome.Disk?) -> ResumeDecision.RemoteState {
        switch disk?.state {
        case .initialSync: .initialSync
        case .resync: .resync(reason: disk?.reason ?? "")
        case .differential: .differential
        case nil: .resync(reason: "the receiver does not say how the disk is")
        }
    }

    // MARK: Opening the sources

    /// What the sources look like; the commands are run only when a source cannot be opened without them.
    private func probe() throws(ProcessServerError) -> [SourceGeometry] {
        defer { closeSources() }
        do {
            return try openSources()
        } catch {
            guard settings.hooks.before != nil else { throw error }
        }
        return try reading { (disks, _) throws(ProcessServerError) in disks.map(\.geometry) }?.value ?? []
    }

    private func openSources() throws(ProcessServerError) -> [SourceGeometry] {
        var found: [SourceGeometry] = []
        for member in members { found.append(try member.source.open()) }
        return found
    }

    private func closeSources() {
        for member in members { member.source.close() }
    }

    /// Runs the command before, opens the sources, does `body`, closes them and runs the command after, whatever
    /// happened.
    ///
    /// - Returns: Nil when the command before failed and such passes are to be left out.
    func reading<Value>(
        _ body: (_ disks: [SessionDisk], _ isQuiesced: Bool) throws(ProcessServerError) -> Value
    ) throws(ProcessServerError) -> (value: Value, isQuiesced: Bool)? {
        var isQuiesced = false
        if let command = settings.hooks.before {
            isQuiesced = run(command, phase: "before")
            if !isQuiesced, settings.hooks.onFailure == .skip {
                if let after = settings.hooks.after { _ = run(after, phase: "after") }
                return nil
            }
        }
        let outcome: Result<Value, ProcessServerError>
        do {
            outcome = .success(try body(try openDisks(), isQuiesced))
        } catch {
            outcome = .failure(error)
        }
        closeSources()
        var isReleased = true
        if let after = settings.hooks.after { isReleased = run(after, phase: "after") }
        return (try outcome.get(), isQuiesced && isReleased)
    }

    private func openDisks() throws(ProcessServerError) -> [SessionDisk] {
        let found = try openSources()
        guard geometries.isEmpty || found == geometries else {
            throw ProcessServerError(
                .sourceChanged, "A source disk changed its size or its blocks: bind it to the group again.",
                isPermanent: true)
        }
        return zip(members, found).map { SessionDisk(source: $0.source, number: $0.number, geometry: $1) }
    }

    private func run(_ command: String, phase: String) -> Bool {
        let environment = ["MT_GROUP=\(settings.group)", "MT_PHASE=\(phase)"]
        guard
            let reason = ShellCommand.run(
                command, environment: environment, timeout: settings.hooks.timeout, clock: clock)
        else { return true }
        report(.hookFailed("The command \(phase) the pass failed: \(reason)."))
        return false
    }
}
