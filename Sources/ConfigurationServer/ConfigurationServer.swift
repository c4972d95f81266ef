// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import HostCertificates
import Hummingbird
import HummingbirdTLS
import LinuxSystem
import Logging
import NIOCore
import NIOSSL
import SQLStorage
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
    /// What the console shows and does.
    package var site: (any SiteService)?
    /// The port that it listens on, once it does.
    public let listening = ListeningPort()

    /// Opens the state folder. Blocks; before any service runs.
    ///
    /// - Throws: ``ConfigurationFailure`` when there is no server in it, or its files cannot be read.
    public init(
        _ settings: ConfigurationServerSettings, clock: any WallClock = SystemClock(),
        notify: NotifySocket = NotifySocket(path: nil), logger: Logger
    ) throws {
        self.settings = settings
        self.clock = clock
        self.notify = notify
        self.logger = logger
        folder = try StateFolder(path: settings.statePath)
        inventory = try Inventory(path: folder.inventoryPath)
        desk = try EnrolmentDesk(folder, inventory: inventory, certificateDays: settings.certificateDays)
    }

    /// Serves until it is told to end.
    public func run() async throws {
        let routes = ConfigurationRoutes(
            desk: desk, inventory: inventory, board: board, settings: settings, clock: clock, logger: logger)
        let router = routes.router()
        if let site { try await addConsole(of: site, to: router) }
        var quiet = logger
        quiet.logLevel = .warning
        let application = Application(
            router: router,
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
                try await application.run()
                group.cancelAll()
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        listening.isDown()
        notify.stopping()
        try await inventory.write(board.takeUnwritten())
        try inventory.close()
        try outcome.get()
    }

    private func addConsole(of site: any SiteService, to router: Router<RequestOrigin>) async throws {
        let database = try await SQLiteDatabase.open(
            path: folder.inventoryPath + ".console", applicationID: 1, migrations: [ConsoleSessions.migration])
        let names = try folder.serverCertificate().certificate.alternativeNames
        Console(
            site: site, door: ConsoleDoor(database: database, inventory: inventory, clock: clock),
            templates: try ConsoleTemplates(),
            hostName: names.first { $0.hasPrefix("DNS:") }.map { String($0.dropFirst(4)) } ?? settings.address,
            requestSeconds: settings.requestSeconds, clock: clock, logger: logger
        ).addRoutes(to: router)
    }

    /// Every few seconds, until it is told to end.
    private func writeHeartbeats() async {
        await cancelWhenGracefulShutdown {
            while true {
                // Cancellation is the end of the loop.
                try? await Task.sleep(for: .seconds(5))
                if Task.isCancelled { return }
                let beats = board.takeUnwritten()
                do {
                    try await inventory.write(beats)
                    notify.watchdog()
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
