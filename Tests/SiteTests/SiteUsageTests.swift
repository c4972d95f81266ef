// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Testing

/// What `mtctl site` makes of its arguments, without a server.
@Suite struct SiteUsageTests {
    /// Port 1: nobody listens.
    private func terminal() throws -> (TestFolder, SiteTerminal) {
        let folder = try TestFolder()
        try ScriptedSite().issueOperator("alice", into: "\(folder.path)/operator")
        return (folder, SiteTerminal(folder: folder, port: 1))
    }

    private static let disk = "id=sda,size=8GiB,source=/dev/sdb"

    @Test(arguments: [
        ["no-such-command"], ["server", "show"], ["server", "revoke", "h"],
        ["server", "revoke", "h", "--reason", ""], ["policy", "set", "a/b"],
        ["policy", "set", "p", "--forward-rpo", "1y"], ["policy", "set", "p", "--failback-rpo", "0"],
        ["policy", "set", "p", "--failback-quota", "1MiB"], ["machine", "set"], ["machine", "set", "../x"],
        ["machine", "set", "m", "--disk", "id=a"], ["machine", "set", "m", "--disk", "\(disk),size=1"],
        ["machine", "set", "m", "--disk", "\(disk),colour=red"], ["machine", "set", "m", "--disk", "\(disk),block=1"],
        ["machine", "set", "m", "--disk", "id=a,size=1000,source=x"], ["machine", "set", "m", "--disk", ",,"],
        ["machine", "set", "m", "--disk", "id=a,size=0,source=x"],
        ["machine", "set", "m", "--powered-off", "--running"],
        ["machine", "set", "m", "--datastore-writable", "maybe"],
        ["machine", "set", "m", "--file", "-", "--physical"], ["group", "create", "g"],
        ["group", "create", "g", "--machine", "m", "m"], ["group", "create", "a b", "--machine", "m"],
        ["group", "create", "g", "--machine", "m/x"], ["check", "g", "explode"], ["check", "g"],
        ["reprotect", "g", "--target", "m=x"], ["reprotect", "g", "--target", "m/=x"],
        ["reprotect", "g", "--target", "m/sda="], ["reprotect", "g", "--direction", "up"], ["failover", "g"],
        ["failover", "g", "--point", "99999999999999999999"],
        ["rollback", "g", "--targets-untouched", "--targets-written"],
        ["jobs", "--group", "a/b"], ["job", "show"], ["points", ""],
    ]) func `wrong usage is 2, and the sentence is on standard error`(arguments: [String]) async throws {
        let (folder, terminal) = try terminal()
        let result = await terminal.run(arguments)
        #expect(result.code == 2, "\(arguments): \(result.errors)")
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
        _ = folder
    }

    static let calls = [
        ["servers"], ["server", "show", "mt-1"], ["server", "revoke", "mt-1", "--reason", "gone", "--yes"],
        ["policies"], ["policy", "show", "p"], ["policy", "set", "p"], ["policy", "delete", "p"], ["machines"],
        ["machine", "show", "m"], ["machine", "set", "m", "--disk", disk], ["machine", "delete", "m"], ["groups"],
        ["group", "create", "g", "--machine", "m"], ["group", "show", "g"], ["group", "delete", "g"], ["points", "g"],
        ["check", "g", "reprotect"], ["reprotect", "g", "--yes"], ["failover", "g", "--point", "latest", "--yes"],
        ["rollback", "g", "--yes"], ["commit", "g", "--yes"], ["jobs"], ["job", "show", "3f"], ["job", "follow", "3f"],
        ["job", "cancel", "3f"], ["job", "retry", "3f"], ["console"], ["use"],
    ]

    @Test(arguments: calls) func `a server that does not answer is 1, and the sentence says where`(
        arguments: [String]
    ) async throws {
        let (folder, terminal) = try terminal()
        let result = await terminal.run(arguments)
        #expect(result.code == 1)
        #expect(result.errors.contains("127.0.0.1:1"))
        #expect(result.output.isEmpty)
        let json = await terminal.run(arguments + ["--json"])
        #expect(json.code == 1)
        #expect(json.output.hasPrefix(#"{"error":{"code":"unavailable""#))
        _ = folder
    }

    @Test func `without a server or credentials the remedy says where they come from`() async throws {
        let (folder, full) = try terminal()
        var terminal = full
        terminal.environment["MT_SITE_SERVER"] = nil
        let noServer = await terminal("servers")
        #expect(noServer.code == 1)
        #expect(noServer.errors.contains("No configuration server is named. Add --server, set MT_SITE_SERVER"))
        terminal.environment["MT_SITE_CREDENTIALS"] = ""
        let neither = await terminal("servers", "--server", "127.0.0.1:1")
        #expect(neither.errors.contains("No operator's credentials are named. Add --credentials"))
        let wrong = await full("servers", "--server", "http://x/")
        #expect(wrong.errors.contains("\"http://x/\" is not the address of a server."))
        _ = folder
    }

    @Test func `help is no failure, and lists the commands`() async throws {
        let (folder, terminal) = try terminal()
        let result = await terminal("--help")
        #expect(result.code == 0)
        for command in Set(Self.calls.map { $0[0] }) { #expect(result.output.contains("  \(command) "), "\(command)") }
        _ = folder
    }
}
