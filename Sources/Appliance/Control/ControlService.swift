// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Hummingbird
import LinuxSystem
import Logging
import MetricsEndpoint
import NIOCore
import ServiceLifecycle

/// Serves the control interface on its unix domain socket.
struct ControlService: Service {
    let core: ApplianceCore
    let metrics: MetricsSource
    let logger: Logger

    /// Nanoseconds in which who listens has accepted.
    private static let patience: Int64 = 1_000_000_000

    func run() async throws {
        let path = core.configuration.socketPath
        let group = core.configuration.socketGroup
        try FolderTree.make(PathText.split(path).folder, mode: 0o755)
        // Why nobody answers does not matter: then the address is free.
        if (try? LocalSocket(address: path, timeout: Self.patience, clock: MachineSteadyClock())) != nil {
            throw ControlFailure(
                .busy, "Another program listens on the control socket \(path).",
                remedy: "Stop it, or name another socket with --set control.socket=….")
        }
        var quiet = logger
        quiet.logLevel = .warning
        let application = Application(
            router: ControlRoutes(core: core, metrics: metrics, logger: logger).router(),
            configuration: .init(address: .unixDomainSocket(path: path), serverName: nil),
            onServerRunning: { _ in
                // Until here only the owner could connect: the umask takes write permission from all others.
                do {
                    if try !SocketFile.restrict(path: path, group: group) {
                        logger.notice(
                            "There is no such group; only root and this user may use the control socket.",
                            metadata: ["group": "\(group)", "socket": "\(path)"])
                    }
                } catch {
                    logger.error("The control socket's access cannot be set.", metadata: ["reason": "\(error)"])
                }
                core.readiness.controlIsUp()
            },
            logger: quiet)
        try await application.run()
    }
}
