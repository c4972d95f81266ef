// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Hummingbird
import Logging
import ServiceLifecycle

/// Serves metrics, and nothing else, on a loopback address. What keeps it from listening is reported and tried again; it
/// takes nothing down with it.
public struct MetricsListener: Service {
    /// Whether it can be asked.
    public enum State: Hashable, Sendable {
        /// It listens on this port.
        case listening(port: Int)
        /// It does not, with the reason as a sentence.
        case down(String)
    }

    private let settings: MetricsSettings
    private let source: MetricsSource
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let changed: @Sendable (State) -> Void

    /// A scraper has one connection, or two.
    private static let maximumConnections = 16
    private static let interval = Duration.seconds(5)

    /// - Parameters:
    ///   - clock: What pauses are measured by.
    ///   - changed: Told whenever it begins or ceases to listen.
    public init(
        _ settings: MetricsSettings, source: MetricsSource, logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(),
        changed: @escaping @Sendable (State) -> Void = { _ in }
    ) {
        self.settings = settings
        self.source = source
        self.logger = logger
        self.clock = clock
        self.changed = changed
    }

    /// Serves until it is told to end; does nothing where it is not enabled.
    public func run() async throws {
        guard settings.isEnabled else {
            // Cut short by the end of the service, which is all that it waits for.
            try? await gracefulShutdown()
            return
        }
        var told: String?
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            let problem: String
            do {
                try await listen()
                problem = "It has ended."
            } catch {
                problem = "\(settings.address):\(settings.port) cannot be listened on (\(error))."
            }
            changed(.down(problem))
            guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
            if told != problem { logger.warning("Not listening for metrics.", metadata: ["reason": "\(problem)"]) }
            told = problem
            // Cut short by the end of the service.
            try? await cancelWhenGracefulShutdown { try await clock.sleep(for: Self.interval) }
        }
    }

    private func listen() async throws {
        let router = Router()
        router.get("\(MetricsSettings.path)") { [source] _, _ in await source.response() }
        var quiet = logger
        quiet.logLevel = .warning
        let application = Application(
            router: router,
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(120),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 64))),
            configuration: .init(
                address: .hostname(settings.address, port: settings.port), serverName: nil,
                availableConnectionsDelegate: .maximum(Self.maximumConnections, logger: quiet)),
            onServerRunning: { [settings, changed] channel in
                changed(.listening(port: channel.localAddress?.port ?? settings.port))
            },
            logger: quiet)
        try await application.run()
    }
}
