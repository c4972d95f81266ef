// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import Logging
import SQLStorage
import StoragePrimitives
import Synchronization
import TestSupport
import Testing

/// Servers as a test has them.
final class TestDirectory: ServerDirectory {
    private let list: Mutex<[ServerReport]>
    init(_ servers: [ServerReport]) { list = Mutex(servers) }
    func servers() async throws -> [ServerReport] { list.withLock { $0 } }

    func change(_ hostID: String, _ work: (inout ServerReport) -> Void) {
        list.withLock { servers in
            guard let place = servers.firstIndex(where: { $0.hostID == hostID }) else { return }
            work(&servers[place])
        }
    }
}

/// A desk over a real database, with servers of values.
struct TestDesk: Sendable {
    let folder: TestFolder
    let directory: TestDirectory
    let clock: TestClock
    let desk: SiteDesk
    let database: any SQLDatabase

    static let masterTarget = Site.masterTargets[0]
    static let processServer = Site.processServers[0]

    /// - Parameters:
    ///   - url: Of a PostgreSQL database; nil for SQLite in the folder.
    init(folder: TestFolder? = nil, directory: TestDirectory? = nil, url: String? = nil) async throws {
        let site = Site()
        self.folder = try folder ?? TestFolder()
        self.directory = directory ?? TestDirectory(site.view.servers)
        clock = TestClock(site.view.now.timestamp)
        if let url {
            database = try await PostgreSQLDatabase.open(url: url, migrations: Inventory.migrations)
        } else {
            database = try await SQLiteDatabase.open(
                path: "\(self.folder.path)/site.sqlite", applicationID: 1, migrations: Inventory.migrations)
        }
        desk = SiteDesk(database, directory: self.directory, clock: clock, logger: .silent)
    }

    func setUp() async throws {
        for machine in Site().view.machines { try await desk.save(machine, by: "alice") }
        _ = try await desk.save(Site.group, by: "alice")
    }

    /// What a server is told now.
    func orders(_ host: String = masterTarget) async throws -> SiteOrders {
        let role: HostRole = Site.masterTargets.contains(host) ? .masterTarget : .processServer
        return try await desk.exchange(
            SiteExchange(revision: 0, waitSeconds: 0), of: host, role: role, longest: .seconds(1))
    }

    func answer(_ report: SiteTaskReport, from host: String = masterTarget) async throws {
        _ = try await desk.exchange(
            SiteExchange(revision: 0, waitSeconds: 0, tasks: [report]), of: host, role: .masterTarget, longest: .zero)
    }

    func send(
        _ state: SiteAssignmentReport.State, token: UInt64, from host: String = processServer
    ) async throws {
        let report = SiteAssignmentReport(group: "shop", fencingToken: token, state: state)
        _ = try await desk.exchange(
            SiteExchange(revision: 0, waitSeconds: 0, assignments: [report]), of: host, role: .processServer,
            longest: .zero)
    }

    /// The master target's heartbeat says this of the group.
    func say(_ state: GroupState, token: UInt64, at host: String = masterTarget) async throws {
        clock.advance(seconds: 1)
        var site = Site()
        site.view.now = DateTime(clock.now())
        site.say(state, token: token, at: host)
        let said = site.view.server(host)
        clock.advance(seconds: 1)
        directory.change(host) { $0 = said ?? $0 }
        try await desk.goOn(learning: true)
    }

    func protect() async throws -> SiteJobReport {
        let job = try await desk.begin(.reprotect(ReprotectRequest()), on: "shop", by: "alice")
        let task = try #require(try await orders().tasks.first)
        try await answer(SiteTaskReport(id: task.id, state: .done))
        let token = try #require(try await orders(Self.processServer).assignments.first).fencingToken
        try await send(.running, token: token)
        try await say(.protected, token: token)
        return try await desk.job(job.id)
    }
}
