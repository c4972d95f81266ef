// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import Glibc

/// A program of the product, as it was built beside the tests.
enum BuiltProgram: String, CaseIterable {
    case daemon = "mastertargetd"
    case control = "mtctl"
    case processServer = "mt-process-server"
    case configurationServer = "mt-configuration-server"

    /// The folder that the test's own program is in.
    private static let folder: URL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()

    var url: URL { Self.folder.appending(path: rawValue) }

    static var areBuilt: Bool { allCases.allSatisfy { FileManager.default.isExecutableFile(atPath: $0.url.path) } }
}

/// A program that runs, or ran, with all that it said in files.
final class ChildProcess {
    struct Outcome {
        /// The exit status, or the signal's number below zero.
        let status: Int32
        let output: String
        let errors: String
    }

    private let process = Process()
    private let outputPath: String
    private let errorPath: String

    /// Starts it.
    ///
    /// - Parameters:
    ///   - log: Where it writes; `.out` and `.err` are added, and a file that is there is replaced.
    ///   - environment: What is added to the test's own.
    init(_ program: URL, _ arguments: [String], log: String, environment: [String: String] = [:]) throws {
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        outputPath = log + ".out"
        errorPath = log + ".err"
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(outputPath)
        process.standardError = try Self.file(errorPath)
        try process.run()
    }

    deinit { if process.isRunning { signal(SIGKILL) } }

    private static func file(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(filePath: path))
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    var isRunning: Bool { process.isRunning }

    /// The most memory that it had at once, in bytes.
    ///
    /// Source: man 5 proc_pid_status, `VmHWM`.
    var peakMemory: Int {
        let status = Self.text("/proc/\(process.processIdentifier)/status")
        guard let match = status.firstMatch(of: /VmHWM:\s+([0-9]+) kB/), let kibibytes = Int(match.1) else { return 0 }
        return kibibytes << 10
    }

    var output: String { Self.text(outputPath) }
    var errors: String { Self.text(errorPath) }

    private static func text(_ path: String) -> String {
        String(decoding: (try? Data(contentsOf: URL(filePath: path))) ?? Data(), as: UTF8.self)
    }

    func signal(_ number: Int32) { _ = kill(process.processIdentifier, number) }

    /// Waits for its end; after `seconds` it is killed.
    func outcome(within seconds: Double = 60) -> Outcome {
        if !wait(seconds, for: { !process.isRunning }) {
            signal(SIGKILL)
            process.waitUntilExit()
        }
        let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        return Outcome(status: status, output: output, errors: errors)
    }
}

/// Looks until something holds, or the time is over; whether it holds.
func wait(_ seconds: Double, for condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while try !condition() {
        guard Date() < deadline else { return false }
        Thread.sleep(forTimeInterval: 0.01)
    }
    return true
}
