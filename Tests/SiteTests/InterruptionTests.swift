// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Foundation
import TestSupport
import Testing

/// The program itself and a real SIGINT.
@Suite(.ownThread) struct InterruptionTests {
    /// Beside the tests.
    private static let mtctl = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "mtctl")

    @Test func `ctrl-C leaves the job running and says so`() async throws {
        let look = "GET /v1/jobs/\(Sample.job)"
        try await ScriptedSite.with { site, terminal in
            try site.on(look, Sample.failover { $0.steps[0].state = .running })
            let process = Process()
            let errors = Pipe()
            process.executableURL = Self.mtctl
            process.arguments = ["site", "job", "follow", Sample.job]
            process.environment = terminal.environment
            process.standardOutput = FileHandle.nullDevice
            process.standardError = errors
            try process.run()
            // It looks twice a second: by the fourth look it has been following for a while.
            while process.isRunning, site.asked.count(where: { $0.call == look }) < 5 {
                try await Task.sleep(for: .milliseconds(50))
            }
            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == 130)
            let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            #expect(said == "Job 3f2a91c0 goes on. Follow it with mtctl site job follow 3f2a91c0.\n")
            #expect(!site.asked.contains { $0.call.contains("cancel") })
        }
    }
}
