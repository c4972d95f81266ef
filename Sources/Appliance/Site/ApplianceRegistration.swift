// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import LinuxSystem
import Logging
import NBDServer
import Registration
import StoragePrimitives

/// What the appliance says to its configuration server, and what it does with the answers. Nothing here stands in the
/// way of replication: without a configuration server the appliance goes on as it is.
struct ApplianceRegistration: RegisteredHost {
    let core: ApplianceCore
    let logger: Logger

    private var folder: RegistrationFolder { RegistrationFolder(path: core.configuration.registrationPath) }

    // MARK: Being registered

    func became(_ registration: RegistrationFolder.Registration?) async {
        guard let registration else {
            core.registration.withLock { $0 = nil }
            core.revoked.use(nil)
            logger.notice("The appliance is registered with no configuration server.")
            return
        }
        core.revoked.use(registration.record.revocations)
        do {
            let report = try RegistrationReport(registration)
            core.registration.withLock { $0 = report }
            logger.notice(
                "The appliance is registered.",
                metadata: [
                    "host": "\(registration.record.hostID)",
                    "servers": "\(registration.record.servers.joined(separator: " "))",
                ])
            try await useCertificate()
        } catch {
            logger.warning("The registered certificate cannot be used.", metadata: ["reason": "\(error)"])
        }
    }

    func cannotRegister(_ problem: String) async {
        logger.debug("The registration cannot be used.", metadata: ["reason": "\(problem)"])
    }

    /// The listener's, where no other is configured.
    private func useCertificate() async throws {
        try await core.files.run { [core] in
            try core.environment.sessions.use(ReplicationService.trust(core.configuration))
            try core.nbdClients.use(NBDTrust(core.configuration))
        }
    }

    // MARK: Heartbeats

    func heartbeat(revocations: UInt64) async -> HeartbeatRequest {
        let report = await core.report()
        return HeartbeatRequest(
            hostName: HostName.current(), version: report.version, machine: await machine(), sent: report.now,
            health: report.health,
            capacity: CapacityReport(retention: report.retention, memoryCeilingBytes: report.memoryCeilingBytes),
            groups: Array(report.groups.prefix(HeartbeatRequest.maximumGroups)), revocations: revocations,
            replication: await replicationPlaces(report.replication))
    }

    private func machine() async -> MachineFingerprint {
        do {
            return try await core.files.run { try MachineFingerprint.ofThisMachine() }
        } catch {
            logger.debug("The machine cannot be told.", metadata: ["reason": "\(error)"])
            // No machine has this one: the server refuses it, and the refusal is told.
            return MachineFingerprint(machineID: HexBytes([UInt8](repeating: 0, count: 16)))
        }
    }

    /// The names in the certificate that process servers see, with the port; nil when it has none.
    private func replicationPlaces(_ listener: ListenerReport) async -> [String]? {
        let names = try? await core.files.run { [folder] in
            // Without them the server goes by the address that this comes from.
            try folder.load().map { try IssuedCertificate(pemEncoded: $0.credentials.certificate).alternativeNames }
        }
        let places = (names ?? nil)?.compactMap { name -> String? in
            guard let colon = name.firstIndex(of: ":") else { return nil }
            return ServerEndpoint(host: String(name[name.index(after: colon)...]), port: listener.port).description
        }
        guard let places, !places.isEmpty else { return nil }
        return Array(places.prefix(16))
    }

    func answered(_ answer: HeartbeatAnswer, after roundTrip: Duration) async {
        let now = core.now()
        core.registration.withLock { report in
            report?.lastAnswer = now
            report?.problem = nil
            report?.isUnreachable = false
            report?.isRevoked = false
            report?.serverVersion = answer.version
            report?.roundTripMilliseconds = UInt64(max(0, roundTrip / .milliseconds(1)))
            report?.clockAheadMilliseconds =
                now.timestamp.nanoseconds(since: answer.now.timestamp) / 1_000_000
        }
    }

    func received(_ revocations: RevocationList) async {
        core.revoked.use(revocations)
        core.environment.sessions.end(hosts: Set(revocations.revoked.map(\.hostID)))
        core.nbdClients.look()
        do {
            try await core.files.run { [folder] in try folder.save(revocations) }
        } catch {
            logger.warning("What was taken back cannot be kept.", metadata: ["reason": "\(error)"])
        }
    }

    func renewed(_ credentials: Credentials) async throws {
        try await core.files.run { [folder] in try folder.save(credentials) }
        try await useCertificate()
    }

    func changed(_ problem: ConfigurationFailure?) async {
        core.registration.withLock { report in
            report?.problem = problem?.description
            report?.isUnreachable = problem?.code == .unavailable
            if problem?.code == .revoked { report?.isRevoked = true }
        }
    }

    // MARK: Orders

    func progress() async -> (tasks: [SiteTaskReport], assignments: [SiteAssignmentReport], isMoving: Bool) {
        let tasks = core.siteTasks.progress()
        return (tasks, [], tasks.contains { $0.state == .running })
    }

    func received(_ orders: SiteOrders) async { await core.siteTasks.received(orders.tasks) }
}

extension RegistrationReport {
    /// A registration as it is kept; nothing was heard of the configuration server yet.
    init(_ registration: RegistrationFolder.Registration) throws {
        let certificate = try IssuedCertificate(pemEncoded: registration.credentials.certificate)
        self.init(
            hostID: registration.record.hostID, servers: registration.record.servers,
            registered: registration.record.registered, certificateBegins: certificate.notBefore,
            certificateExpires: certificate.notAfter)
    }
}
