// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Logging
import StoragePrimitives

extension ProtectedGroup {
    func pause() async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            try transition(.pause)
            endSession("the group is paused")
            return Acknowledgement(message: "Group \(name) is paused; its RPO grows until it is resumed.")
        }
    }

    /// Ends a pause; for a degraded group, tries again.
    func resume() async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            if state.cause != nil {
                try transition(.resume(.nothing))
                try attempt()
                return Acknowledgement(message: "Group \(name) is no longer degraded.")
            }
            try transition(.resume(outstanding()))
            return Acknowledgement(message: "Group \(name) replicates again as soon as its process server connects.")
        }
    }

    /// Marks the newest point, or asks the sender to mark one.
    func bookmark(_ request: BookmarkRequest) async throws -> Acknowledgement {
        let label = request.label
        return try await perform { [self] in
            guard PointReference.isPermittedLabel(label) else {
                throw ControlFailure(
                    .invalidRequest,
                    "\"\(label)\" cannot be a label: it is empty, too long, or would mean another point.",
                    remedy: "Choose another label.")
            }
            // A sync may have ended since the last look.
            observe()
            try check(.bookmark)
            let isWanted = request.applicationConsistent == true
            // Standard clients cannot be asked: who marks the point has made the source's state whole, and flushed it.
            if isWanted, record.isFedOverNBD != true {
                guard environment.sessions.requestBookmark(name, label: label, kind: .applicationConsistent) else {
                    throw ControlFailure(
                        .unavailable, "Group \(name) has no process server connected that could make the point.",
                        remedy: "Connect it, or make a crash-consistent bookmark.")
                }
                return Acknowledgement(
                    message: "The sender of group \(name) was asked for point \(label): mtctl points \(name).")
            }
            if isWanted { try checkInStep() }
            try openStore().bookmark(label, as: isWanted ? .applicationConsistent : .crashConsistent)
            return Acknowledgement(message: "The newest point of group \(name) is bookmark \(label).")
        }
    }

    func points() async throws -> PointList {
        try await perform { [self] in
            guard shared.withLock({ !$0.record.disks.isEmpty }) else {
                return PointList(group: name, stretches: [], bookmarks: [])
            }
            return try openStore().points(group: name, limit: record.rollbackSequence)
        }
    }

    func resolve(_ reference: PointReference) async throws -> ResolvedPoint {
        try await perform { [self] in try openStore().resolve(reference, limit: record.rollbackSequence) }
    }

    /// What the disks lack, as the store knows it.
    func outstanding() -> GroupLifecycle.Outstanding {
        let (record, store) = shared.withLock { ($0.record, $0.store) }
        guard let store, !record.disks.isEmpty else { return .everything }
        let status = store.status
        let unsynced = record.disks.filter { status.unsynced.contains($0.number) }
        if unsynced.isEmpty { return .nothing }
        if record.disks.allSatisfy({ !$0.wasSynced }), !status.hasBegun, unsynced.count == record.disks.count {
            return .everything
        }
        return unsynced.contains { !$0.wasSynced } ? .initialSync : .resync
    }

    // MARK: Watching

    /// How often a degraded group is tried again.
    private static let attemptInterval: Int64 = 10_000_000_000

    /// Looks at what the store says, and tries a degraded group again when it is time. On the control thread.
    func observe() {
        do {
            if let failure = shared.withLock({ $0.store })?.status.failure {
                closeStore()
                endSession("its history or a target failed")
                degrade(failure)
            }
            guard state.cause == nil else { return try attemptIfDue() }
            try takeShare()
            try observeSyncs()
            observeRPO()
            let (store, intake) = shared.withLock { ($0.store, $0.intake) }
            intake?.keepUp()
            if let store { environment.previews.look(at: name, hasRoom: store.status.blocked == nil) }
        } catch {
            logger.debug("The group is still degraded.", metadata: ["reason": "\(error)"])
        }
    }

    /// More groups than before: the history is opened again for the memory that it may use now.
    private func takeShare() throws {
        let (store, job, intake) = shared.withLock { ($0.store, $0.job, $0.intake) }
        // A mirror that loses its connection has to begin anew: it keeps its share while it lasts.
        guard let store, job == nil, intake?.connectionCount ?? 0 == 0, store.share != environment.memory.share else {
            return
        }
        endSession("memory is divided among more groups")
        closeStore()
        try attempt()
    }

    /// An age beyond the policy's threshold is an event, once; it never changes what replication does.
    private func observeRPO() {
        guard state == .protected || state == .resyncing, let newest = shared.withLock({ $0.store })?.status.lastDurable
        else { return }
        let age = max(0, environment.clock.now().nanoseconds(since: newest)) / 1_000_000_000
        let threshold = record.policy.rpoThresholdSeconds
        let isBeyond = UInt64(age) > threshold
        let isNew = shared.withLock { shared in
            let isNew = shared.isBeyondRPO != isBeyond
            shared.isBeyondRPO = isBeyond
            return isNew
        }
        guard isNew else { return }
        let fields: Logger.Metadata = ["rpo": "\(age)", "threshold": "\(threshold)"]
        if isBeyond {
            logger.warning("The newest change is older than the policy allows.", metadata: fields)
        } else {
            logger.notice("The newest change is as young as the policy wants.", metadata: fields)
        }
    }

    private func observeSyncs() throws {
        guard let store = shared.withLock({ $0.store }) else { return }
        let status = store.status
        let outstanding = outstanding()
        try transition(.observed(outstanding)) { record in
            for index in record.disks.indices where !status.unsynced.contains(record.disks[index].number) {
                record.disks[index].wasSynced = true
            }
            forgetMarks(in: &record, status)
        }
    }

    private func attemptIfDue() throws {
        let now = environment.clock.now()
        let isDue = shared.withLock { shared in
            guard shared.stop == nil, shared.job == nil, now >= shared.nextAttempt ?? now else { return false }
            shared.nextAttempt = now.advanced(byNanoseconds: Self.attemptInterval)
            return true
        }
        if isDue { try attempt() }
    }

    /// Opens what is shut; the group is no longer degraded when that works.
    func attempt() throws {
        do {
            if shared.withLock({ $0.store == nil }), needsStore { try openOrCreateStore() }
        } catch {
            let failure = ControlFailure.from(error)
            degrade(failure)
            throw failure
        }
        if state.cause != nil { try transition(.restored) }
        resumeInterrupted()
    }

    var needsStore: Bool {
        switch state.underlying {
        case .committed, .released: false
        case .created, .initialSync, .protected, .resyncing, .paused, .recovering, .recovered, .degraded: true
        }
    }

    /// First thing after a start: everything is opened, or the group is degraded and says why.
    func start() {
        guard shared.withLock({ $0.stop == nil }) else { return }
        do {
            try attempt()
        } catch {
            logger.warning("The group is degraded.", metadata: ["reason": "\(error)"])
        }
    }
}
