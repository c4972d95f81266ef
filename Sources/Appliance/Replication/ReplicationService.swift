// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import Logging
import NIOPosix
import NIOSSL
import ReplicationReceiver
import ServiceLifecycle
import StoragePrimitives

/// The listener for process servers. What it lacks, a certificate for instance, keeps it from listening and nothing
/// else from working; it is tried again until it is there.
struct ReplicationService: Service {
    let core: ApplianceCore
    let logger: Logger
    let clock: any Clock<Duration>

    private static let interval = Duration.seconds(1)
    /// How often the shares of memory are looked at.
    private static let shareInterval = Duration.seconds(1)

    func run() async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                try await listen()
                // It ended for new shares of memory: senders are waiting.
                continue
            } catch {
                report(problem: Self.sentence(error))
            }
            guard !Task.isCancelled, !Task.isShuttingDownGracefully else { break }
            // Cut short by the end of the service.
            try? await cancelWhenGracefulShutdown { try await clock.sleep(for: Self.interval) }
        }
    }

    private func listen() async throws {
        let configuration = core.configuration
        let share = core.environment.memory.share
        let trust = try await core.files.run { try Self.trust(configuration) }
        let listener = try ReplicationListener(
            settings: Self.settings(configuration, share), trust: trust,
            directory: ApplianceDirectory(groups: core.groups, revoked: core.revoked),
            pool: core.environment.pool, eventLoops: .singletonMultiThreadedEventLoopGroup, logger: logger)
        let port = try await listener.bind()
        core.environment.sessions.use(listener)
        // It may have been renewed before the renewal could reach this listener.
        try await core.files.run { try listener.use(Self.trust(configuration)) }
        core.listener.withLock {
            $0 = ListenerReport(address: configuration.address, port: port, isListening: true)
        }
        defer {
            core.environment.sessions.use(nil)
            report(problem: "It has ended.")
        }
        // Ends with the first of them: more groups than before want shorter windows, from all sessions.
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await listener.run() }
            tasks.addTask { [memory = core.environment.memory, clock] in
                while memory.share == share { try await clock.sleep(for: Self.shareInterval) }
            }
            try await tasks.next()
            tasks.cancelAll()
            // Cancellation is how the other one ends.
            while let outcome = await tasks.nextResult() { _ = outcome }
        }
    }

    /// Said once for each change, not for each try.
    private func report(problem: String) {
        let isNew = core.listener.withLock { report in
            let isNew = report.problem != problem
            report.isListening = false
            report.problem = problem
            return isNew
        }
        if isNew { logger.warning("Not listening for replication.", metadata: ["reason": "\(problem)"]) }
    }

    private static func sentence(_ error: any Error) -> String {
        (error as? ControlFailure)?.description ?? "\(error)"
    }

    /// Half of the ceiling is data in flight; the other half is what the groups' engines and buffers hold.
    static func settings(_ configuration: ApplianceConfiguration, _ share: MemoryShare) -> ReceiverSettings {
        var settings = ReceiverSettings()
        settings.address = configuration.address
        settings.port = configuration.port
        settings.totalCredit = ByteCount(configuration.memoryCeiling.rawValue / 2)
        share.apply(to: &settings)
        return settings
    }

    /// Blocking.
    static func trust(_ configuration: ApplianceConfiguration) throws -> ReceiverTrust {
        let host = try HostCertificate(configuration)
        return ReceiverTrust(certificateChain: host.chain, privateKey: host.key, authority: host.authority)
    }
}
