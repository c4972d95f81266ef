// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import HostCertificates
import LinuxSystem
import Logging
import Registration
import SQLStorage
import ServiceLifecycle
import StoragePrimitives
import Synchronization
import TestSupport

/// A clock that stands still until it is moved.
final class TestClock: WallClock {
    private let time: Mutex<Timestamp>
    init(_ start: Timestamp) { time = Mutex(start) }
    func now() -> Timestamp { time.withLock { $0 } }
    func advance(days: Int64 = 0, seconds: Int64 = 0) {
        time.withLock { $0 = $0.advanced(byNanoseconds: (days * 86400 + seconds) * 1_000_000_000) }
    }
}

/// A folder of a test, removed with it.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/mt-site-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // What cannot be removed is left in /tmp.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A real configuration server on a free port of the loopback interface, with real TLS.
struct TestServer: Sendable {
    let folder: TestFolder
    let state: StateFolder
    let passphrase: Passphrase
    let clock: TestClock
    let port: Int
    let operatorCredentials: Credentials
    let fingerprint: [UInt8]

    var operatorClient: ConfigurationClient { ConfigurationClient([endpoint], credentials: operatorCredentials) }
    var endpoint: ServerEndpoint { ServerEndpoint(host: "127.0.0.1", port: port) }
    var settings: ConfigurationServerSettings {
        var settings = Self.settings(state.path)
        settings.database = state.database
        return settings
    }

    static func settings(_ path: String) -> ConfigurationServerSettings {
        var settings = ConfigurationServerSettings()
        settings.address = "127.0.0.1"
        settings.port = 0
        settings.statePath = path
        return settings
    }

    /// Runs a server while the work is done.
    ///
    /// - Parameter ageDays: How long ago it was made, by its own clock, which stands still there.
    static func with<Result: Sendable>(
        _ engine: DatabaseEngine = .sqlite, ageDays: Int64 = 0,
        change: (inout ConfigurationServerSettings) -> Void = { _ in },
        _ work: @Sendable (TestServer) async throws -> Result
    ) async throws -> Result {
        let clock = TestClock(SystemClock().now())
        clock.advance(days: -ageDays)
        let folder = try TestFolder()
        var settings = settings("\(folder.path)/state")
        settings.database = try await engine.database()
        change(&settings)
        let (state, passphrase) = try await StateFolder.create(
            path: settings.statePath, database: settings.database,
            plan: .init(name: "Test", names: ["localhost"], addresses: ["127.0.0.1"]),
            now: clock.now())
        let credentials = try await Self.operatorCredentials("alice", of: state, in: folder, now: clock.now())
        return try await run(settings, clock: clock) { port in
            try await work(
                TestServer(
                    folder: folder, state: state, passphrase: passphrase, clock: clock, port: port,
                    operatorCredentials: credentials,
                    fingerprint: state.serverCertificate().fingerprint.bytes))
        }
    }

    /// Runs a server of a folder that has been made.
    static func run<Result: Sendable>(
        _ settings: ConfigurationServerSettings, clock: any WallClock,
        _ work: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let server = try await ConfigurationServer(settings, clock: clock, logger: .silent)
        let group = ServiceGroup(services: [server], logger: .silent)
        async let running: Void = group.run()
        guard let port = await server.listening.port() else {
            try await running
            throw ConfigurationFailure(.unavailable, "The server ended before it listened.", remedy: "")
        }
        do {
            let result = try await work(port)
            await group.triggerGracefulShutdown()
            try await running
            return result
        } catch {
            await group.triggerGracefulShutdown()
            try await running
            throw error
        }
    }

    private static func operatorCredentials(
        _ name: String, of state: StateFolder, in folder: TestFolder, now: Timestamp
    ) async throws -> Credentials {
        _ = try await OperatorCertificates.issue(
            name, from: state, into: "\(folder.path)/operator", days: 365, now: now)
        let files = try DirectoryFolder(path: "\(folder.path)/operator")
        func text(_ name: String) throws -> String {
            String(decoding: try files.contents(of: name, limit: 1 << 16) ?? [], as: UTF8.self)
        }
        return try Credentials(
            certificate: text("\(name).operator.pem"), key: HostKey(pemEncoded: text("\(name).operator.key")),
            authority: text("authority.pem"))
    }

    /// How many servers have a heartbeat that is written.
    func storedHeartbeats() async throws -> Int {
        let statement: Statement = "SELECT host_id FROM server WHERE heartbeat IS NOT NULL"
        switch state.database {
        case .file:
            return try SQLiteFile.read("\(state.path)/inventory.sqlite") { try $0.rows(statement).count }
        case .postgreSQL(let url):
            let database = try await PostgreSQLDatabase.open(url: url, migrations: Inventory.migrations)
            let count = try await database.read { try $0.rows(statement).count }
            await database.close()
            return count
        }
    }

    /// Waits for what happens in the background.
    static func until(_ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !isSo() {
            guard ContinuousClock.now < deadline else {
                throw ConfigurationFailure(.timedOut, "It did not happen within 30 s.", remedy: "")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    func enrol(_ host: TestHost, passphrase: Passphrase? = nil) async throws -> ConfigurationClient {
        ConfigurationClient([endpoint], credentials: try await credentials(host, passphrase: passphrase))
    }

    func credentials(_ host: TestHost, passphrase: Passphrase? = nil) async throws -> Credentials {
        try await Enrolment.enrol(
            at: [endpoint], identity: host.identity,
            names: AlternativeNames(names: ["\(host.name).example"], addresses: ["127.0.0.1"]),
            passphrase: passphrase ?? self.passphrase, pinnedFingerprint: fingerprint)
    }
}

/// A host that is enrolled, or wants to be.
struct TestHost: Sendable {
    var hostID: String
    var name: String
    var role = HostRole.masterTarget
    var machine: MachineFingerprint

    init(_ number: UInt8, machine: UInt8? = nil) {
        let digits = String(repeating: "\(number % 10)", count: 12)
        hostID = "0f8fad5b-d9cb-469f-a165-\(digits)"
        name = "host-\(number)"
        self.machine = MachineFingerprint(
            machineID: HexBytes(Array(repeating: machine ?? number, count: 16)),
            productUUID: HexBytes(Array(repeating: machine ?? number, count: 16)))
    }

    var identity: JoinerIdentity {
        JoinerIdentity(hostID: hostID, role: role, hostName: name, version: "1.0.0", machine: machine)
    }

    func heartbeat(_ now: Timestamp, groups: [GroupReport] = [], revocations: UInt64 = 0) -> HeartbeatRequest {
        HeartbeatRequest(
            hostName: name, version: "1.0.1", machine: machine, sent: DateTime(now),
            health: HealthSummary(moment: DateTime(now), severity: "warning", counts: ["warning": 1], failing: []),
            capacity: CapacityReport(
                retention: VolumeReport(path: "/mnt/retention", isUsable: true, freeBytes: ByteCount(1 << 40)),
                memoryCeilingBytes: ByteCount(1 << 28)),
            groups: groups, revocations: revocations)
    }
}

extension GroupReport {
    static func sample(_ name: String, rpoSeconds: UInt64?) -> GroupReport {
        var group = GroupReport(
            name: name, id: "1", state: .protected, underlyingState: .protected, policy: GroupPolicy(), senders: [],
            fencingToken: 1, disks: [])
        group.rpoSeconds = rpoSeconds
        return group
    }
}

extension DatabaseEngine {
    /// A new, empty database.
    func database() async throws -> InventoryDatabase {
        guard let url = try await url() else { return .file }
        return .postgreSQL(url: url)
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// The code of what an operation is refused with; nil when it is not.
func refusal(_ work: () async throws -> some Any) async -> ConfigurationFailure.Code? {
    do {
        _ = try await work()
        return nil
    } catch let failure as ConfigurationFailure {
        return failure.code
    } catch {
        return .internalFailure
    }
}
