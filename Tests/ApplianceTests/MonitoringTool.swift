// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import LinuxSystem
import Testing

/// What a scraper sees, read with tools of others.
enum MonitoringTool {
    /// Where `scripts/setup --interop` puts programs of Debian's packages.
    static let peers: String = {
        let environment = ProcessInfo.processInfo.environment
        return "\(environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache")/master-target/peers"
    }()

    /// promtool, there or on the PATH; nil where it is not installed.
    static let promtool: String? = ["\(peers)/usr/bin/promtool", "/usr/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let thread = DiskThread(name: "test-tool")

    static func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        try await thread.run {
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = arguments
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: output, as: UTF8.self))
        }
    }

    /// Metrics over a socket, or over TCP.
    static func scrape(_ options: String...) async throws -> String {
        let (status, output) = try await run("/usr/bin/curl", ["--silent", "--fail", "--max-time", "20"] + options)
        #expect(status == 0, "\(output)")
        return output
    }

    /// Holds rules and dashboards against an exposition; what was found.
    static func check(_ exposition: String, prefix: String, in folder: TestFolder) async throws -> (Int32, String) {
        try folder.write(exposition, to: "metrics.prom")
        let promtool = promtool.map { ["--promtool", $0] } ?? []
        return try await run(
            "/usr/bin/python3",
            [root.appending(path: "scripts/monitoring.d/check.py").path] + promtool
                + [prefix, "\(folder.path)/metrics.prom"])
    }
}

/// An exposition, taken apart.
struct Scraped {
    let values: [String: Double]

    init(_ text: String) {
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else {
                Issue.record("no value in \(line)")
                continue
            }
            values[String(line[..<blank])] = value
        }
        self.values = values
    }

    /// The value of a series, as it is written; nil where there is none.
    subscript(_ series: String) -> Double? { values["mastertarget_\(series)"] }
}
