// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import NBDServer
import RetentionStore
import StoragePrimitives

/// A group that standard clients write to, in place of a process server.
///
/// Nothing on the wire says when such a client's copy is complete, or whether it writes in the order in which the source
/// did. So every point is not guaranteed until somebody who knows, an operator or the script that runs the mirror, says
/// that the disks are in step; it ends with the connection.
extension ProtectedGroup {
    /// From now on NBD clients write to the disks, as they are: what they hold is the first point.
    func enableNBD() async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            observe()
            try checkTakesNBD()
            let store = try openStore()
            guard record.isFedOverNBD != true || !store.status.unsynced.isEmpty else {
                return Acknowledgement(message: "Group \(name) is fed over NBD already: \(exportsInWords).")
            }
            endSession("its disks are written to over NBD from now on")
            try takeAsTheyAre(store)
            try transition(.observed(outstanding())) { record in
                record.isFedOverNBD = true
                for index in record.disks.indices {
                    record.disks[index].wasSynced = true
                    record.disks[index].resyncReason = nil
                }
            }
            return Acknowledgement(
                message: "NBD clients may write to the disks of group \(name): \(exportsInWords). When the copy is "
                    + "complete and the source stands still or is mirrored write by write, say so with mtctl nbd "
                    + "in-step \(name); its points are not guaranteed before.")
        }
    }

    /// Process servers feed the group again, and compare its disks first.
    func disableNBD() async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            guard record.isFedOverNBD == true else {
                throw ControlFailure(.refused, "Group \(name) is not fed over NBD.", remedy: "")
            }
            endSession("its disks are not written to over NBD any more")
            try transition(.observed(outstanding())) { record in
                record.isFedOverNBD = nil
                for index in record.disks.indices {
                    record.disks[index].resyncReason = "It was written to over NBD, which its source does not know of."
                }
            }
            return Acknowledgement(
                message: "Group \(name) waits for its process server, which compares all of its disks first.")
        }
    }

    /// The disks show the source now, and follow it write by write while the clients stay connected.
    func declareInStep() async throws -> Acknowledgement {
        try await perform { [self] in
            try checkTakesNBD()
            guard record.isFedOverNBD == true else {
                throw ControlFailure(
                    .refused, "Group \(name) is not fed over NBD.", remedy: "Enable it with mtctl nbd enable \(name).")
            }
            let store = try openStore()
            if let blocked = store.status.blocked {
                throw ControlFailure(
                    .refused, "Group \(name) has not taken all that was sent to it: \(blocked)",
                    remedy: "Make room, then see that the copy is complete.")
            }
            let intake = try intake(store)
            try intake.declareInStep()
            return Acknowledgement(
                message: intake.connectionCount == 0
                    ? "The newest point of group \(name) is exact. No client is connected: what the next one writes is "
                        + "not guaranteed until this is said again."
                    : "The points of group \(name) are exact from now on, until one of its \(intake.connectionCount) "
                        + "connections ends or another writes.")
        }
    }

    /// - Throws: While nobody has said that the disks show their source: no application's state can be whole then.
    func checkInStep() throws {
        guard record.isFedOverNBD == true, shared.withLock({ $0.intake })?.accuracy ?? .notGuaranteed != .exact else {
            return
        }
        throw ControlFailure(
            .refused,
            "The disks of group \(name) are not known to show their source, so no application's state is whole.",
            remedy: "When they do, say so: mtctl nbd in-step \(name).")
    }

    private func checkTakesNBD() throws {
        guard !state.takesData else { return }
        throw ControlFailure(
            .refused, "Group \(name) takes no data now: \(state.cause ?? "it is \(state.reported.rawValue)").",
            remedy: "mtctl group show \(name) says what to do.")
    }

    /// Declares what the disks hold to be the source's content, for disks of which history knows no better.
    private func takeAsTheyAre(_ store: GroupStore) throws {
        let now = environment.clock.now()
        let unsynced = store.status.unsynced.sorted()
        for disk in unsynced {
            try store.group.beginSync(disk, kind: .initial)
            let accepted = store.group.ingestPosition.accepted
            try store.group.endSync(disk, time: now, sourceSequence: accepted, accuracy: .notGuaranteed)
        }
        let bell = Doorbell()
        for _ in 0..<Self.syncTries where !store.status.unsynced.isEmpty {
            if let failure = store.status.failure { throw failure }
            // Nobody rings: it is a pause.
            _ = bell.wait(nanoseconds: Self.syncPause)
        }
        guard store.status.unsynced.isEmpty else {
            throw ControlFailure(
                .unavailable, "The first point of group \(name) is not durable yet.",
                remedy: "Try again; mtctl retention status tells whether the volume is full.")
        }
    }

    /// Ten seconds in all.
    private static let syncTries = 2_500
    private static let syncPause: Int64 = 4_000_000

    // MARK: Clients

    /// The names of its exports, by disk.
    var exportNames: [String] { record.disks.map { "\(name)/\($0.source)" } }

    private var exportsInWords: String {
        exportNames.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    /// Finds one of the group's disks to write to. On the control thread.
    func findExport(_ source: String, named export: String, for peer: NBDPeer, workers: NBDWorkers) -> NBDFinding {
        let (record, state, store) = shared.withLock { ($0.record, $0.lifecycle.state, $0.store) }
        guard let disk = record.disks.first(where: { $0.source == source }) else {
            return .unknown("group \(name) has no disk \(source)")
        }
        guard record.isFedOverNBD == true else {
            return .refused("group \(name) is not fed over NBD: mtctl nbd enable \(name)")
        }
        if let refusal = refusal(of: peer) { return .refused(refusal) }
        guard state.takesData, let store else {
            return .refused("group \(name) takes no data now: \(state.cause ?? "it is \(state.reported.rawValue)")")
        }
        guard store.status.unsynced.isEmpty, let bound = store.group.disk(disk.number) else {
            return .refused("the disks of group \(name) are not known to hold anything: mtctl nbd enable \(name)")
        }
        do {
            return .export(
                IngestExport(
                    name: export, description: "disk \(source) of group \(name), written to as it is protected",
                    disk: bound, intake: try intake(store), workers: workers))
        } catch {
            return .refused("\(ControlFailure.from(error))")
        }
    }

    /// Whether a client may write, and so see that there is something to write to.
    func refusal(of peer: NBDPeer) -> String? {
        switch peer {
        case .local: return nil
        case .unnamed: return "the certificate names no single role (OU) and host (CN)"
        case .certified(let role, let host, _):
            guard role == HostRole.nbdClient.rawValue else {
                return "a certificate with the role \(role) may not write to group \(name)"
            }
            let senders = record.senders
            guard senders.isEmpty || senders.contains(host) else {
                return "host \(host) is none of the senders of group \(name)"
            }
            return nil
        }
    }

    /// The intake that there is, or a new one. On the control thread.
    private func intake(_ store: GroupStore) throws -> GroupIntake {
        if let failure = store.status.failure { throw failure }
        if let intake = shared.withLock({ $0.intake }) { return intake }
        let intake = GroupIntake(
            store.group, window: environment.memory.share.window, pool: environment.pool, clock: environment.clock)
        shared.withLock { $0.intake = intake }
        return intake
    }

    /// Ends the connections of NBD clients; nothing of them touches the group afterwards.
    func endIntake(_ reason: String) {
        let intake = shared.withLock { shared in
            defer { shared.intake = nil }
            return shared.intake
        }
        intake?.end("Group \(name) takes no data now: \(reason).")
    }

    /// What is said of the feed; nil for a group that has none.
    func feedReport(_ record: GroupRecord, _ intake: GroupIntake?) -> NBDFeedReport? {
        guard record.isFedOverNBD == true else { return nil }
        return NBDFeedReport(
            connections: intake?.connectionCount ?? 0, accuracy: PointAccuracy(intake?.accuracy ?? .notGuaranteed),
            exports: record.disks.map { "\(record.name)/\($0.source)" })
    }
}
