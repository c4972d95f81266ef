// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import Foundation
import Testing

private let hasBrowser = ["/usr/bin/chromium", "/usr/bin/chromedriver", "/usr/bin/python3"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: $0)
}

/// The console with a real browser: Chromium, driven by `Tests/Browser/walk.py`.
///
/// `CONSOLE_SCREENSHOTS` names a folder for pictures of every page.
@Suite(.enabled(if: hasBrowser, "scripts/setup --interop installs chromium and chromedriver"))
struct ConsoleBrowserTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        .standardizedFileURL.path

    static let pages = [
        "/console/", "/console/servers", "/console/servers/\(SampleSite.masterTarget)", "/console/groups/crm",
        "/console/groups/erp", "/console/groups/intranet", "/console/groups/build", "/console/groups/crm/reprotect",
        "/console/groups/crm/reprotect/confirm", "/console/groups/erp/rollback",
        "/console/groups/erp/rollback/confirm?targets=written&discardHistory=yes", "/console/groups/erp/commit",
        "/console/jobs", "/console/jobs/\(SampleSite.failedJob)", "/console/machines", "/console/policies",
        "/console/policies/edit?name=gold", "/console/policies/edit", "/console/groups/none",
    ]

    @Test(.timeLimit(.minutes(10))) func `every page holds at every width, with and without script`() async throws {
        try await TestServer.withConsole { server, site in
            // Made one after the other, and a new one ends the one before: the second is of another operator.
            let first = try await ConsoleClient.code(server).code
            let second = try await ConsoleClient.code(server, of: "bob").code
            var arguments = [
                "\(Self.repository)/Tests/Browser/walk.py", "--origin", "https://127.0.0.1:\(server.port)", "--codes",
                "\(first),\(second)", "--axe", "\(Self.repository)/.build/axe/axe.min.js",
            ]
            for page in Self.pages { arguments += ["--page", page] }
            if let folder = ProcessInfo.processInfo.environment["CONSOLE_SCREENSHOTS"] {
                arguments += ["--screenshots", folder]
            }
            let outcome = try await Tool.run("/usr/bin/python3", arguments)
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
            #expect(site.done.contains("alice failover crm"))
            #expect(site.done.contains("bob rollback erp"))
        }
    }
}
