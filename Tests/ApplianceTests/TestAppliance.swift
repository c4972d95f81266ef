// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import Logging
import StateFiles
import StoragePrimitives
import Synchronization
import mtctl

/// A whole appliance in a folder of its own, and `mtctl` to operate it.
struct TestAppliance {
    struct Result {
        var code: Int32
        var output: String
        var errors: String
    }

    /// What was said in place of an answer.
    struct Refused: Error {
        let errors: String
    }

    let folder: TestFolder
    let appliance: Appliance

    var socket: String { "\(folder.path)/control.sock" }

    /// Runs an appliance for as long as `body` takes, and ends it in order.
    static func run(
        in folder: TestFolder, clock: any WallClock = SystemClock(), ports: AppliancePorts = AppliancePorts(),
        change: (inout ApplianceConfiguration) -> Void = { _ in },
        _ body: (TestAppliance) async throws -> Void
    ) async throws {
        var configuration = ApplianceConfiguration(statePath: "\(folder.path)/state")
        configuration.address = "127.0.0.1"
        configuration.port = 0
        configuration.retentionPath = "\(folder.path)/retention"
        configuration.socketPath = "\(folder.path)/control.sock"
        change(&configuration)
        let appliance = try await Appliance(
            configuration, clock: clock, ports: ports, notify: NotifySocket(path: nil), logger: .silent,
            handlesSignals: false)
        let test = TestAppliance(folder: folder, appliance: appliance)
        let running = Task { try await appliance.run() }
        await appliance.ready()
        do {
            try await body(test)
        } catch {
            appliance.stop()
            try await running.value
            throw error
        }
        appliance.stop()
        try await running.value
    }

    /// One `mtctl` command; nobody can be asked.
    func mtctl(_ arguments: String...) async -> Result {
        await Self.mtctl(arguments + ["--socket", socket])
    }

    static func mtctl(_ arguments: [String], answers: [String] = [], isInteractive: Bool = false) async -> Result {
        let output = Mutex("")
        let errors = Mutex("")
        let left = Mutex(answers)
        let console = Console(
            isTerminal: isInteractive, isInteractive: isInteractive, hasColor: false, width: 100,
            write: { text in output.withLock { $0 += text } }, writeError: { text in errors.withLock { $0 += text } },
            readLine: { left.withLock { $0.isEmpty ? nil : $0.removeFirst() } })
        let code = await Program.run(arguments, console: console)
        return Result(code: code, output: output.withLock { $0 }, errors: errors.withLock { $0 })
    }

    /// A command whose answer is read as JSON.
    func json<Answer: Decodable>(_ type: Answer.Type, _ arguments: String...) async throws -> Answer {
        let result = await Self.mtctl(arguments + ["--json", "--socket", socket])
        guard result.code == 0 else { throw Refused(errors: result.errors) }
        return try JSON.decode(type, from: Array(result.output.utf8))
    }
}
