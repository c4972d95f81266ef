// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import Foundation
import Glibc
import LinuxSystem
import Registration
import Synchronization
import TestSupport
import Testing

/// The built program, ended with SIGKILL.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: Tool.server))) struct KilledServerTests {
    @Test(arguments: DatabaseEngine.available) func `what was acknowledged is there after a kill, with no repair`(
        engine: DatabaseEngine
    ) async throws {
        let made = try await TestServer.with(engine) { $0 }
        var enrolled: Set<String> = []
        for round in UInt8(0)..<2 {
            let (process, port) = try await start(made)
            let endpoint = ServerEndpoint(host: "127.0.0.1", port: port)
            let outcome = try await withThrowingTaskGroup(of: Set<String>.self) { group in
                for client in UInt8(0)..<2 {
                    group.addTask {
                        var mine: Set<String> = []
                        for number in UInt8(0)..<2 {
                            let host = TestHost(1 + round * 4 + client * 2 + number)
                            do {
                                _ = try await Enrolment.enrol(
                                    at: [endpoint], identity: host.identity, names: .none, passphrase: made.passphrase)
                                mine.insert(host.hostID)
                            } catch let failure as ConfigurationFailure {
                                #expect(failure.code == .unavailable, "\(failure)")
                            }
                            // The first that is done ends the server under the others.
                            process.kill()
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
            }
            #expect(!outcome.isEmpty)
            enrolled.formUnion(outcome)
            let known = try await TestServer.run(made.settings, clock: made.clock) { port in
                let client = ConfigurationClient(
                    [ServerEndpoint(host: "127.0.0.1", port: port)], credentials: made.operatorCredentials)
                return Set(try await client.servers().servers.map(\.hostID))
            }
            #expect(known.isSuperset(of: enrolled))
            // Besides them only what was under way.
            #expect(known.count <= enrolled.count + 2 * Int(round + 1))
        }
    }

    /// A program that is running, for several tasks to end.
    private final class Running: Sendable {
        private let number: Mutex<pid_t?>
        init(_ number: pid_t) { self.number = Mutex(number) }
        deinit { kill() }

        /// Once: the number may be another's afterwards.
        func kill() {
            number.withLock { number in
                if let number { Glibc.kill(number, SIGKILL) }
                number = nil
            }
        }
    }

    private func start(_ server: TestServer) async throws -> (process: Running, port: Int) {
        let log = URL(filePath: "\(server.folder.path)/log-\(UUID().uuidString)")
        try Data().write(to: log)
        let process = Process()
        process.executableURL = URL(filePath: Tool.server)
        process.arguments = [
            "run", "--set", "https.port=0", "--set", "https.address=127.0.0.1", "--set",
            "state.path=\(server.state.path)",
        ]
        if case .postgreSQL(let url) = server.state.database {
            process.arguments?.append(contentsOf: ["--database", url])
        }
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        let running = Running(process.processIdentifier)
        var port: Int?
        try await TestServer.until {
            let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
            port = text.firstMatch(of: /listens.*port[=:" ]+(\d+)/).flatMap { Int($0.1) }
            return port != nil
        }
        return (running, port ?? 0)
    }
}
