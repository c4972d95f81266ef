// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import StateFiles
import Synchronization
import mtctl

/// A folder of a test, removed with it.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/mt-site-cli-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // What cannot be removed is left in /tmp.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
        return (attributes[.posixPermissions] as? Int) ?? -1
    }
}

/// An operator at a terminal, or a script: runs `mtctl site` in this process.
struct SiteTerminal: Sendable {
    struct Result {
        var code: Int32
        var output: String
        var errors: String

        var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    }

    /// What was said in place of an answer.
    struct Refused: Error {
        let errors: String
    }

    var environment: [String: String]
    var isTerminal = false
    /// Color is there to be seen through: a hostile name must not use it.
    var hasColor = false
    var width = 80
    /// Between two looks at a job.
    var pause: @Sendable () async throws -> Void = {
        // Soon, and not so often that it takes the machine from other tests.
        try await Task.sleep(for: .milliseconds(10))
    }
    /// The person wants to stop looking; never, unless a test says so.
    var interruption: @Sendable () async -> Void = {
        // Cancelled at the end.
        try? await Task.sleep(for: .seconds(3600))
    }

    /// Of an operator in `folder`, asking the server at that port.
    init(folder: TestFolder, port: Int, operator name: String = "operator") {
        environment = [
            "XDG_CONFIG_HOME": "\(folder.path)/config", "MT_SITE_SERVER": "127.0.0.1:\(port)",
            "MT_SITE_CREDENTIALS": "\(folder.path)/\(name)",
        ]
    }

    func callAsFunction(_ arguments: String..., answers: [String] = []) async -> Result {
        await run(arguments, answers: answers)
    }

    func run(_ arguments: [String], answers: [String] = []) async -> Result {
        let output = Mutex("")
        let errors = Mutex("")
        let left = Mutex(answers)
        var console = Console(
            isTerminal: isTerminal, isInteractive: isTerminal, hasColor: hasColor, width: width,
            write: { text in output.withLock { $0 += text } }, writeError: { text in errors.withLock { $0 += text } },
            readLine: { left.withLock { $0.isEmpty ? nil : $0.removeFirst() } })
        let (environment, pause) = (environment, pause)
        console.environment = { environment[$0] }
        console.pause = { _ in try await pause() }
        console.interruption = interruption
        console.now = { Sample.noon.timestamp }
        let code = await Program.run(["site"] + arguments, console: console)
        return Result(code: code, output: output.withLock { $0 }, errors: errors.withLock { $0 })
    }

    /// A command whose answer is read as JSON.
    func json<Answer: Decodable>(_ type: Answer.Type, _ arguments: String...) async throws -> Answer {
        let result = await run(arguments + ["--json"])
        guard result.code == 0 else { throw Refused(errors: result.errors) }
        return try JSON.decode(type, from: Array(result.output.utf8))
    }

    /// Whether every line fits.
    static func isNarrow(_ result: Result, _ width: Int = 80) -> Bool {
        result.output.split(separator: "\n").allSatisfy { $0.count <= width }
    }
}
