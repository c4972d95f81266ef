// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import LinuxSystem

/// A program of other people, or the built one: arguments in, what it said out.
enum Tool {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    static let thread = DiskThread(name: "test-tool")

    /// Where the product's programs are: beside the tests.
    static let server = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "mt-configuration-server").path

    /// - Parameter thread: Waits for the program; one that takes long has its own.
    static func run(
        _ program: String, _ arguments: [String], input: [UInt8] = [], on thread: DiskThread = thread
    ) async throws -> Outcome {
        try await thread.run { try runNow(program, arguments, input) }
    }

    private static func runNow(_ program: String, _ arguments: [String], _ input: [UInt8]) throws -> Outcome {
        let folder = try TestFolder()
        let names = ["in", "out", "err"].map { URL(filePath: "\(folder.path)/\($0)") }
        try Data(input).write(to: names[0])
        for name in names.dropFirst() { try Data().write(to: name) }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: names[0])
        process.standardOutput = try FileHandle(forWritingTo: names[1])
        process.standardError = try FileHandle(forWritingTo: names[2])
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: names[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: names[2]), as: UTF8.self))
    }

    /// What `curl` gets: the HTTP status (0 where TLS or HTTP ended before), and the body.
    static func curl(
        _ url: String, _ options: [String] = [], body: [UInt8]? = nil, on thread: DiskThread = thread
    ) async throws -> (status: Int, body: String) {
        let sent = body == nil ? [] : ["--data-binary", "@-"]
        let outcome = try await run(
            "/usr/bin/curl",
            ["--silent", "--insecure", "--max-time", "40", "--header", "Expect:", "--write-out", "\n%{http_code}"]
                + options + sent + [url], input: body ?? [], on: thread)
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }
}
