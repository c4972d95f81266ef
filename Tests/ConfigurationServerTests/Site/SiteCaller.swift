// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Foundation
import LinuxSystem
import Registration
import StoragePrimitives
import Synchronization

/// What was asked and answered, for a look at the document of the interface.
final class Samples: Sendable {
    struct Sample: Encodable {
        var method: String
        /// As the document has it.
        var path: String
        var status: Int
        /// JSON text.
        var request: String?
        var answer: String
    }

    private let list = Mutex<[Sample]>([])
    func add(_ sample: Sample) { list.withLock { $0.append(sample) } }
    var all: [Sample] { list.withLock { $0 } }
}

/// One who calls the configuration server with a certificate, by somebody else's HTTPS.
struct SiteCaller: Sendable {
    let base: String
    let options: [String]
    let samples: Samples
    private let thread = DiskThread(name: "test-caller")

    /// Whoever has these credentials.
    init(_ server: TestServer, _ credentials: Credentials?, _ samples: Samples = Samples()) throws {
        base = "https://127.0.0.1:\(server.port)"
        self.samples = samples
        guard let credentials else {
            options = []
            return
        }
        let path = "\(server.folder.path)/\(UUID().uuidString)"
        try credentials.save(in: DirectoryFolder(path: path, create: true))
        options = ["--cert", "\(path)/server.pem", "--key", "\(path)/server.key"]
    }

    /// - Parameter template: The path as the document has it.
    func call(
        _ method: String, _ path: String, _ template: String, body: String? = nil
    ) async throws -> (status: Int, body: String) {
        let answer = try await Tool.curl(
            base + path, ["-X", method] + options, body: body.map { Array($0.utf8) }, on: thread)
        samples.add(
            .init(
                method: method.lowercased(), path: template, status: answer.status, request: body, answer: answer.body))
        return answer
    }

    func value<Answer: Decodable>(
        _ method: String, _ path: String, _ template: String, _ body: (some Encodable)?
    ) async throws -> Answer {
        let text = try body.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        let answer = try await call(method, path, template, body: text)
        guard answer.status == 200 else {
            throw try JSONDecoder().decode(ConfigurationFailure.self, from: Data(answer.body.utf8))
        }
        return try JSONDecoder().decode(Answer.self, from: Data(answer.body.utf8))
    }

    func get<Answer: Decodable>(_ path: String, _ template: String? = nil) async throws -> Answer {
        try await value("GET", path, template ?? path, String?.none)
    }

    func delete<Answer: Decodable>(_ path: String, _ template: String) async throws -> Answer {
        try await value("DELETE", path, template, String?.none)
    }

    func post<Answer: Decodable>(
        _ path: String, _ body: some Encodable, _ template: String? = nil
    ) async throws -> Answer {
        try await value("POST", path, template ?? path, body)
    }

    func post<Answer: Decodable>(_ path: String, template: String) async throws -> Answer {
        try await value("POST", path, template, String?.none)
    }
}

/// A running server with an operator, and a master target and a process server that were enrolled with its passphrase.
struct RunningSite: Sendable {
    let server: TestServer
    let samples = Samples()
    let alice: SiteCaller
    let masterTarget: SiteCaller
    let processServer: SiteCaller
    let hosts: [TestHost]

    init(_ server: TestServer) async throws {
        self.server = server
        alice = try SiteCaller(server, server.operatorCredentials, samples)
        var sender = TestHost(2)
        sender.role = .processServer
        hosts = [TestHost(1), sender]
        masterTarget = try SiteCaller(server, try await server.credentials(hosts[0]), samples)
        processServer = try SiteCaller(server, try await server.credentials(hosts[1]), samples)
    }

    func beat(_ groups: [GroupReport] = []) async throws {
        let now = server.clock.now()
        var request = hosts[0].heartbeat(now, groups: groups)
        request.replication = ["mt.example:9443"]
        let _: HeartbeatAnswer = try await masterTarget.post(ConfigurationPath.heartbeat, request)
        var other = hosts[1].heartbeat(now)
        other.capacity = nil
        let _: HeartbeatAnswer = try await processServer.post(ConfigurationPath.heartbeat, other)
    }

    func say(_ state: GroupState, token: UInt64) async throws {
        server.clock.advance(seconds: 1)
        var group = GroupReport.sample("shop", rpoSeconds: 4)
        group.state = state
        group.underlyingState = state
        group.fencingToken = token
        try await beat([group])
    }

    func orders(_ caller: SiteCaller) async throws -> SiteOrders {
        try await caller.post(ConfigurationPath.exchange, SiteExchange(revision: 0, waitSeconds: 0))
    }

    func report(_ report: SiteTaskReport) async throws {
        let _: SiteOrders = try await masterTarget.post(
            ConfigurationPath.exchange, SiteExchange(revision: 0, waitSeconds: 0, tasks: [report]))
    }

    func send(_ state: SiteAssignmentReport.State, token: UInt64) async throws {
        let report = SiteAssignmentReport(group: "shop", fencingToken: token, state: state, message: "So it is.")
        let _: SiteOrders = try await processServer.post(
            ConfigurationPath.exchange, SiteExchange(revision: 0, waitSeconds: 0, assignments: [report]))
    }

    func begin(_ operation: SiteOperation) async throws -> SiteJobReport {
        try await alice.post(
            ConfigurationPath.operations("shop"), operation, ConfigurationPath.operations("{name}"))
    }

    func job(_ id: String) async throws -> SiteJobReport {
        try await alice.get(ConfigurationPath.job(id), ConfigurationPath.job("{id}"))
    }

    /// Waits for what a tick of the server brings.
    func until(_ id: String, _ state: SiteJobReport.State) async throws {
        try await TestServer.until { try await job(id).state == state }
    }

    func setUp() async throws {
        try await beat()
        for machine in Site().view.machines {
            let _: SiteMachine = try await alice.post(ConfigurationPath.machines, machine)
        }
        let _: SiteGroupReport = try await alice.post(ConfigurationPath.groups, Site.group)
    }

    func protect() async throws -> SiteJobReport {
        let job = try await begin(.reprotect(ReprotectRequest()))
        try await report(SiteTaskReport(id: try await orders(masterTarget).tasks.first?.id ?? "", state: .done))
        let token = try await orders(processServer).assignments.first?.fencingToken ?? 0
        try await send(.running, token: token)
        try await say(.protected, token: token)
        try await until(job.id, .done)
        return try await self.job(job.id)
    }
}
