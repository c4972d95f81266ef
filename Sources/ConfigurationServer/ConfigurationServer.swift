// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import HostCertificates
import Hummingbird
import HummingbirdTLS
import LinuxSystem
import Logging
import MetricsEndpoint
import NIOCore
import NIOSSL
import ServiceLifecycle
import StoragePrimitives

/// The configuration server: enrols servers, renews and takes back their certificates, and knows how they are.
///
/// One port with TLS. A client certificate is optional for TLS and then checked against the authority; which request
/// needs one, and of which role, is decided for each.
public struct ConfigurationServer: Service {
    private let settings: ConfigurationServerSettings
    private let folder: StateFolder
    private let inventory: Inventory
    private let desk: EnrolmentDesk
    private let clock: any WallClock
    private let notify: NotifySocket
    private let logger: Logger
    private let board = HeartbeatBoard()
    private let templates: ConsoleTemplates
    /// What the console is known by: the first name of the server's certificate.
    private let hostName: String
    /// What the console shows and changes instead of this server's site, for tests of the console alone.
    package var shownSite: (any SiteService)?
    /// The port that it listens on, once it does.
    public let listening = ListeningPort()
    /// The port on which it serves metrics besides, once it does.
    public let metricsListening = ListeningPort()

    /// Opens the state folder and the inventory, before any service runs. A PostgreSQL server that is not up yet is
    /// waited for, a minute at most.
    ///
    /// - Throws: ``ConfigurationFailure`` when there is no server in it, or its files cannot be read.
    public init(
        _ settings: ConfigurationServerSettings, clock: any WallClock = SystemClock(),
        notify: NotifySocket = NotifySocket(path: nil), logger: Logger
    ) async throws {
        self.settings = settings
        self.clock = clock
        self.notify = notify
        self.logger = logger
        folder = try StateFolder(path: settings.statePath, database: settings.database)
        templates = try ConsoleTemplates()
        let names = try folder.serverCertificate().certificate.alternativeNames
        hostName = names.first { $0.hasPrefix("DNS:") }.map { String($0.dropFirst(4)) } ?? settings.address
        inventory = try await Self.inventory(of: folder, logger)
        desk = try await EnrolmentDesk(folder, inventory: inventory, certificateDays: settings.certificateDays)
    }

    private static func inventory(of folder: StateFolder, _ logger: Logger) async throws -> Inventory {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await folder.openInventory()
            } catch let failure as ConfigurationFailure {
                guard failure.code == .unavailable, folder.database != .file, ContinuousClock.now < deadline else {
                    throw failure
                }
                logger.warning("The database is waited for.", metadata: ["reason": "\(failure.message)"])
                try await Task.sleep(for: .seconds(2))
            }
        }
    }

    /// Serves until it is told to end.
    public func run() async throws {
        let site = siteDesk()
        let metrics = metrics(site)
        var quiet = logger
        quiet.logLevel = .warning
        let application = Application(
            router: router(site, metrics),
            server: try .tls(
                .http1(
                    configuration: .init(
                        idleTimeout: .seconds(Int64(settings.idleSeconds)),
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 64))),
                tlsConfiguration: try tlsConfiguration()),
            configuration: .init(
                address: .hostname(settings.address, port: settings.port), serverName: nil,
                availableConnectionsDelegate: .maximum(settings.maximumConnections, logger: quiet)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? settings.port
                listening.isUp(port)
                notify.ready(status: "Listening on port \(port)")
                logger.notice("The configuration server listens.", metadata: ["port": "\(port)"])
            },
            logger: quiet)
        let outcome: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await writeHeartbeats() }
                group.addTask { await site.run() }
                group.addTask { [settings, metricsListening, logger] in
                    try await MetricsListener(settings.metrics, source: metrics, logger: logger) { state in
                        if case .listening(let port) = state { metricsListening.isUp(port) }
                    }.run()
                }
                try await application.run()
                group.cancelAll()
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        listening.isDown()
        metricsListening.isDown()
        notify.stopping()
        do {
            try await inventory.write(board.takeUnwritten())
        } catch {
            logger.error("The last heartbeats are lost; the next ones bring them.", metadata: ["reason": "\(error)"])
        }
        try await inventory.close()
        try outcome.get()
    }

    private func siteDesk() -> SiteDesk {
        SiteDesk(
            inventory.database,
            directory: InventoryDirectory(
                inventory: inventory, board: board, heartbeatSeconds: settings.heartbeatSeconds, clock: clock),
            clock: clock, logger: logger)
    }

    private func metrics(_ site: SiteDesk) -> MetricsSource {
        let metrics = SiteMetrics(
            site: site, inventory: inventory, board: board, folder: folder, clock: clock, logger: logger)
        return MetricsSource { await metrics.families() }
    }

    private func routes(_ site: SiteDesk) -> ConfigurationRoutes {
        ConfigurationRoutes(
            desk: desk, inventory: inventory, board: board, site: site, settings: settings, clock: clock, logger: logger
        )
    }

    private func router(_ site: SiteDesk, _ metrics: MetricsSource) -> Router<RequestOrigin> {
        let router = routes(site).router()
        routes(site).addMetrics(metrics, to: router)
        Console(
            site: shownSite ?? site, door: ConsoleDoor(inventory: inventory, clock: clock), templates: templates,
            hostName: hostName, requestSeconds: settings.requestSeconds, clock: clock, logger: logger
        ).addRoutes(to: router)
        return router
    }

    /// Every method and path of the interface: `GET /v1/groups/{name}`.
    package var interface: [String] {
        let site = siteDesk()
        return router(site, metrics(site)).routes.filter {
            "\($0.path)".drop { $0 == "/" }.hasPrefix("\(ConfigurationPath.version)/")
        }
        .map { "\($0.method) \($0.path)" }
    }

    /// Every few seconds, until it is told to end.
    private func writeHeartbeats() async {
        await cancelWhenGracefulShutdown {
            while true {
                // Cancellation is the end of the loop.
                try? await Task.sleep(for: .seconds(5))
                if Task.isCancelled { return }
                // A restart would not bring a database back that is away.
                notify.watchdog()
                let beats = board.takeUnwritten()
                do {
                    try await inventory.write(beats)
                } catch {
                    board.keep(beats.keys)
                    if Task.isCancelled { return }
                    logger.error("Heartbeats cannot be written.", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    private func tlsConfiguration() throws -> TLSConfiguration {
        let certificates = try NIOSSLCertificate.fromPEMBytes(
            Array(try folder.text(StateFolder.serverCertificate).utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(try folder.text(StateFolder.serverKey).utf8), format: .pem)
        let authority = try NIOSSLCertificate.fromPEMBytes(
            Array(try folder.text(StateFolder.authorityCertificate).utf8))
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv13
        configuration.trustRoots = .certificates(authority)
        configuration.certificateVerification = .optionalVerification
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }
}
