// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import LinuxSystem
import Logging
import Registration
import StateFiles
import StoragePrimitives
import Synchronization

/// Replicates what the configuration server assigns: a runner for each group, changed when its assignment does.
///
/// The last orders are kept: a process server that starts while the configuration server is away goes on with them. The
/// token in them keeps one that was superseded meanwhile from writing.
final class AssignmentDesk: RegisteredHost {
    private struct Desk {
        var runners: [String: AssignmentRunner] = [:]
        /// The end of each change, so that changes of one group follow each other.
        var changes: [String: Task<Void, Never>] = [:]
        var hasOrders = false
    }

    private let desk = Mutex(Desk())
    private let registration: RegistrationFolder
    private let statePath: String
    private let thread: DiskThread
    private let terms: RunSettings
    private let logger: Logger

    private static let ordersName = "assignments"
    private static let maximumFileBytes = 16 << 20

    /// - Parameter thread: Where files are read and written; owned by the caller.
    init(_ terms: RunSettings, thread: DiskThread, logger: Logger) {
        registration = terms.registration
        statePath = terms.statePath
        self.thread = thread
        self.terms = terms
        self.logger = logger
    }

    // MARK: Being registered

    func became(_ registration: RegistrationFolder.Registration?) async {
        guard let registration else {
            logger.notice("This process server is registered with no configuration server.")
            return await leave()
        }
        logger.notice(
            "This process server is registered.",
            metadata: [
                "host": "\(registration.record.hostID)",
                "servers": "\(registration.record.servers.joined(separator: " "))",
            ])
        guard !desk.withLock({ $0.hasOrders }) else { return }
        do {
            if let kept = try await thread.run({ [self] in
                try state().read([SiteAssignment].self, from: Self.ordersName)
            }) {
                await use(kept)
            }
        } catch {
            logger.warning("The last orders cannot be read.", metadata: ["reason": "\(error)"])
        }
    }

    /// What was assigned by the one that was left is not kept for another.
    private func leave() async {
        await use([])
        desk.withLock { $0.hasOrders = false }
        do {
            try await thread.run { [self] in try state().write([SiteAssignment](), as: Self.ordersName) }
        } catch {
            logger.warning("The last orders cannot be removed.", metadata: ["reason": "\(error)"])
        }
    }

    func cannotRegister(_ problem: String) async {
        logger.debug("The registration cannot be used.", metadata: ["reason": "\(problem)"])
    }

    /// Blocks.
    private func state() throws -> StateFolder {
        try FolderTree.make(statePath)
        return StateFolder(try DirectoryFolder(path: statePath), limit: Self.maximumFileBytes)
    }

    // MARK: Heartbeats

    func heartbeat(revocations: UInt64) async -> HeartbeatRequest {
        // No machine has zeroes for an id: the server refuses it, and the refusal is told.
        let machine = try? await thread.run { try MachineFingerprint.ofThisMachine() }
        return HeartbeatRequest(
            hostName: HostName.current(), version: ProductVersion.text,
            machine: machine ?? MachineFingerprint(machineID: HexBytes([UInt8](repeating: 0, count: 16))),
            sent: DateTime(SystemClock().now()), revocations: revocations)
    }

    func answered(_ answer: HeartbeatAnswer, after roundTrip: Duration) async {}

    /// Each looks at what was taken back when it begins: it is not gone on with whoever is connected now.
    func received(_ revocations: RevocationList) async {
        do {
            try await thread.run { [registration] in try registration.save(revocations) }
        } catch {
            logger.warning("What was taken back cannot be kept.", metadata: ["reason": "\(error)"])
        }
        restart()
    }

    func renewed(_ credentials: Credentials) async throws {
        try await thread.run { [registration] in try registration.save(credentials) }
        // Each reads the certificate when it begins.
        restart()
    }

    private func restart() {
        for assignment in desk.withLock({ $0.runners.values.map(\.assignment) }) {
            change(assignment.group, to: assignment)
        }
    }

    func changed(_ problem: ConfigurationFailure?) async {}

    // MARK: Orders

    func progress() async -> (tasks: [SiteTaskReport], assignments: [SiteAssignmentReport], isMoving: Bool) {
        let reports = desk.withLock { $0.runners.values.map(\.report) }.sorted { $0.group < $1.group }
        return ([], reports, reports.contains { $0.state == .starting || $0.doneBytes != nil })
    }

    func received(_ orders: SiteOrders) async {
        do {
            try await thread.run { [self] in try state().write(orders.assignments, as: Self.ordersName) }
        } catch {
            logger.warning("The orders cannot be kept.", metadata: ["reason": "\(error)"])
        }
        await use(orders.assignments)
    }

    private func use(_ assignments: [SiteAssignment]) async {
        // The name goes into paths.
        let permitted = assignments.filter { CreateGroupRequest.isPermittedName($0.group) }
        let wanted = Dictionary(permitted.map { ($0.group, $0) }, uniquingKeysWith: { first, _ in first })
        let present = desk.withLock { desk in
            desk.hasOrders = true
            return desk.runners.mapValues(\.assignment)
        }
        for group in present.keys where wanted[group] == nil { change(group, to: nil) }
        for (group, assignment) in wanted where present[group] != assignment { change(group, to: assignment) }
    }

    /// Ends what runs for a group, then begins what is wanted of it now.
    private func change(_ group: String, to assignment: SiteAssignment?) {
        let next = assignment.map {
            AssignmentRunner(
                $0, terms: terms, registration: registration, statePath: "\(statePath)/groups/\(group)", thread: thread,
                logger: logger)
        }
        desk.withLock { desk in
            let former = desk.runners[group]
            let before = desk.changes[group]
            desk.runners[group] = next
            // It outlives the orders that brought it; `stop` waits for all.
            desk.changes[group] = Task {
                await before?.value
                await former?.stop()
                next?.start()
            }
        }
    }

    /// Ends everything in order.
    func stop() async {
        for group in desk.withLock({ Array($0.runners.keys) }) { change(group, to: nil) }
        for change in desk.withLock({ Array($0.changes.values) }) { await change.value }
    }
}
