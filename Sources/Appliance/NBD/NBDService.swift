// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Logging
import NBDServer
import NIOPosix
import ServiceLifecycle

/// Serves NBD: the previews that there are, and the network's clients where the configuration wants them. What the
/// listener lacks keeps it from listening and nothing else from working; it is tried again until it is there.
struct NBDService: Service {
    let core: ApplianceCore
    let logger: Logger
    let clock: any Clock<Duration>

    private static let interval = Duration.seconds(5)

    func run() async throws {
        await core.previews.open()
        if core.configuration.isNBDEnabled {
            await listenOn()
        } else {
            // Cut short by the end of the service, which is all that it waits for.
            try? await gracefulShutdown()
        }
        await core.previews.close()
    }

    private func listenOn() async {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                try await listen()
            } catch {
                report(problem: (error as? ControlFailure)?.description ?? "\(error)")
            }
            guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
            // Cut short by the end of the service.
            try? await cancelWhenGracefulShutdown { try await clock.sleep(for: Self.interval) }
        }
    }

    private func listen() async throws {
        let configuration = core.configuration
        let trust = try await core.files.run { try NBDTrust(configuration) }
        let listener = try NBDListener(
            .tcp(host: configuration.nbdAddress, port: configuration.nbdPort), settings: NBDServerSettings(),
            trust: trust, directory: core.exports, eventLoops: .singletonMultiThreadedEventLoopGroup, logger: logger)
        let port = try await listener.start() ?? configuration.nbdPort
        core.nbdClients.use(listener)
        defer { core.nbdClients.use(nil as NBDListener?) }
        // It may have been renewed before the renewal could reach this listener.
        try await core.files.run { try listener.use(NBDTrust(configuration)) }
        core.nbdListener.withLock {
            $0 = ListenerReport(address: configuration.nbdAddress, port: port, isListening: true)
        }
        logger.info("Listening for NBD", metadata: ["address": "\(configuration.nbdAddress)", "port": "\(port)"])
        await cancelWhenGracefulShutdown {
            await withTaskCancellationHandler {
                await listener.closed()
            } onCancel: {
                // Nobody has to wait for the order to arrive: the wait above ends with it.
                Task { await listener.close() }
            }
        }
        await listener.close()
        report(problem: "It has ended.")
    }

    /// Said once for each change, not for each try.
    private func report(problem: String) {
        let isNew = core.nbdListener.withLock { report in
            let isNew = report?.problem != problem
            report?.isListening = false
            report?.problem = problem
            return isNew
        }
        if isNew { logger.warning("Not listening for NBD.", metadata: ["reason": "\(problem)"]) }
    }
}

extension NBDTrust {
    /// The same certificate as for replication: a client knows the host by it. Blocking.
    init(_ configuration: ApplianceConfiguration) throws {
        let host = try HostCertificate(configuration)
        self.init(certificateChain: host.chain, privateKey: host.key, authority: host.authority)
    }
}
