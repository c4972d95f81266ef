// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import Logging
import ServiceLifecycle
import StoragePrimitives

/// What a heartbeat is made of, and what comes back with it.
public protocol HeartbeatSource: Sendable {
    /// What to say now.
    ///
    /// - Parameter revocations: The number of the list that was received last; 0 for none.
    func heartbeat(revocations: UInt64) async -> HeartbeatRequest

    /// A heartbeat was answered after `roundTrip`, with the server's clock in the answer.
    func answered(_ answer: HeartbeatAnswer, after roundTrip: Duration) async

    /// The list of what was taken back has changed.
    func received(_ revocations: RevocationList) async

    /// A new certificate came. It is used once this returns: keep it first.
    func renewed(_ credentials: Credentials) async throws

    /// How it stands with the configuration server; nil while heartbeats are answered.
    func changed(_ problem: ConfigurationFailure?) async
}

/// Sends heartbeats for as long as it runs, renews the certificate when it is due, and tries one address after the other
/// when none comes through. Nothing waits for it: without a configuration server a master target goes on.
///
/// A refusal (taken back, cloned, not known) is told and tried again at the slowest pace, because only an operator can end
/// it, and may.
public struct HeartbeatService: Service {
    private let endpoints: [ServerEndpoint]
    private let credentials: Credentials
    private let source: any HeartbeatSource
    private let logger: Logger
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - endpoints: Where the server may be, in the order to try them.
    ///   - clock: What pauses are measured by.
    public init(
        _ endpoints: [ServerEndpoint], credentials: Credentials, source: any HeartbeatSource, logger: Logger,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.endpoints = endpoints
        self.credentials = credentials
        self.source = source
        self.logger = logger
        self.clock = clock
    }

    /// What is kept from one heartbeat to the next.
    private struct Progress {
        var credentials: Credentials
        var schedule = RetrySchedule()
        var revocations: UInt64 = 0
        var problem: ConfigurationFailure?
    }

    /// Sends heartbeats until it is told to end.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var progress = Progress(credentials: credentials)
            while !Task.isCancelled {
                do {
                    try await FirstAnswer.of(endpoints) { endpoint in
                        try await ServerConnection.with(endpoint, trusting: .authority(progress.credentials)) {
                            try await beat(over: &$0, &progress)
                        }
                    }
                } catch {
                    if Task.isCancelled { return }
                    await failed(error, &progress)
                    await pause(progress.schedule)
                }
            }
        }
    }

    /// Heartbeats over one connection; returns when the next one needs another, because the certificate is new.
    private func beat(over connection: inout ServerConnection, _ progress: inout Progress) async throws {
        while !Task.isCancelled {
            let request = await source.heartbeat(revocations: progress.revocations)
            let asked = ContinuousClock.now
            let answer: HeartbeatAnswer = try await connection.post(ConfigurationPath.heartbeat, request)
            await source.answered(answer, after: ContinuousClock.now - asked)
            progress.schedule.succeeded(nextSeconds: answer.nextSeconds)
            if progress.problem != nil {
                progress.problem = nil
                logger.notice("The configuration server answers again.")
                await source.changed(nil)
            }
            if let list = answer.revocations {
                await source.received(list)
                progress.revocations = list.number
            }
            if answer.isRenewalDue {
                progress.credentials = try await renew(over: &connection, progress.credentials, request.machine)
                return
            }
            await pause(progress.schedule)
        }
    }

    private func renew(
        over connection: inout ServerConnection, _ credentials: Credentials, _ machine: MachineFingerprint
    ) async throws -> Credentials {
        let old = try IssuedCertificate(pemEncoded: credentials.certificate)
        guard let role = old.role else {
            throw ConfigurationFailure(.notAuthenticated, "The certificate has no role.", remedy: "Enrol again.")
        }
        let key = HostKey()
        let request = RenewalRequest(
            certificateRequest: try key.certificateRequest(host: old.host, role: role, names: .none), machine: machine)
        let answer: RenewalAnswer = try await connection.post(ConfigurationPath.renewal, request)
        let renewed = try Credentials(certificate: answer.certificate, key: key, authority: credentials.authority)
        try await source.renewed(renewed)
        logger.notice("The certificate was renewed.")
        return renewed
    }

    private func failed(_ error: any Error, _ progress: inout Progress) async {
        let failure =
            error as? ConfigurationFailure
            ?? ConfigurationFailure(.unavailable, "The heartbeat failed: \(error).", remedy: "It is tried again.")
        if failure.code == .unavailable || failure.code == .tooManyRequests {
            progress.schedule.failed()
        } else {
            progress.schedule.refused()
        }
        guard progress.problem?.code != failure.code else { return }
        progress.problem = failure
        logger.warning("The configuration server cannot be told how this one is.", metadata: ["reason": "\(failure)"])
        await source.changed(failure)
    }

    private func pause(_ schedule: RetrySchedule) async {
        // Cancellation is the end of the loop.
        try? await clock.sleep(for: .seconds(schedule.pause(chance: .random(in: 0..<1))))
    }
}
