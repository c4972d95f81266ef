// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Foundation
import LinuxSystem
import Testing

/// Where the server is and who asks.
@Suite struct SiteCredentialsTests {
    private func site() throws -> (TestFolder, ScriptedSite) {
        let (folder, site) = (try TestFolder(), try ScriptedSite())
        try site.issueOperator("alice", into: "\(folder.path)/operator")
        try site.on("GET /v1/servers", ServerList(servers: [Sample.server("mt-1")]))
        return (folder, site)
    }

    @Test func `the server and the operator are kept once the server answered`() async throws {
        let (folder, site) = try site()
        try await site.serve { port in
            var terminal = SiteTerminal(folder: folder, port: port)
            terminal.environment["MT_SITE_SERVER"] = nil
            terminal.environment["MT_SITE_CREDENTIALS"] = nil
            let use = await terminal(
                "use", "--server", "127.0.0.1:\(port)", "--credentials", "\(folder.path)/../\(folder.name)/operator")
            #expect(use.code == 0, "\(use.errors)")
            #expect(use.output.contains("site.example at 127.0.0.1:\(port)"))
            #expect(use.output.contains("alice, until "))
            #expect(try folder.mode("config/master-target/site.json") == 0o600)
            #expect(try folder.mode("config/master-target") == 0o700)
            let kept = String(
                decoding: try Data(contentsOf: URL(filePath: "\(folder.path)/config/master-target/site.json")),
                as: UTF8.self)
            #expect(kept == #"{"credentials":"\#(folder.path)/operator","servers":["127.0.0.1:\#(port)"]}"#)
            #expect(await terminal("servers").output.contains("mt-1"))
            #expect(await terminal("use").output.contains("alice, until "))
            // What is written counts before what the environment says, and that before what is kept.
            terminal.environment["MT_SITE_SERVER"] = "127.0.0.1:1"
            #expect(await terminal("servers").errors.contains("127.0.0.1:1:"))
            #expect(await terminal("servers", "--server", "127.0.0.1:\(port)").code == 0)
            // One that was spoilt can be made again.
            try DirectoryFolder(path: "\(folder.path)/config/master-target").replace("site.json", with: [0x7B])
            terminal.environment["MT_SITE_SERVER"] = nil
            #expect(await terminal("servers").errors.contains("site.json cannot be read"))
            let again = await terminal.run(
                ["use", "--server", "127.0.0.1:\(port)", "--credentials", "\(folder.path)/operator"])
            #expect(again.code == 0)
            #expect(await terminal("servers").code == 0)
        }
    }

    @Test func `of several addresses the first that answers is taken`() async throws {
        let (folder, site) = try site()
        try await site.serve { port in
            var terminal = SiteTerminal(folder: folder, port: port)
            let flags = await terminal("servers", "--server", "127.0.0.1:1", "--server", "127.0.0.1:\(port)")
            #expect(flags.code == 0)
            terminal.environment["MT_SITE_SERVER"] = "127.0.0.1:1, 127.0.0.1:\(port)"
            #expect(await terminal("servers").code == 0)
        }
    }

    @Test func `a server that does not answer, or is none, is not kept`() async throws {
        let (folder, site) = try site()
        try await site.serve(role: .masterTarget) { port in
            let terminal = SiteTerminal(folder: folder, port: port)
            let place = ["--server", "127.0.0.1:\(port)", "--credentials", "\(folder.path)/operator"]
            let other = await terminal.run(["use"] + place)
            #expect(other.code == 1)
            #expect(other.errors.contains("is of this site, but no configuration server"))
            #expect(await terminal("use", "--server", "127.0.0.1:1").code == 1)
            #expect(!SystemFiles.exists("\(folder.path)/config"))
        }
        // Of another authority.
        try await ScriptedSite().serve { port in
            #expect(await SiteTerminal(folder: folder, port: port)("servers").code == 1)
        }
    }

    @Test func `a key that everybody may read is refused`() async throws {
        let (folder, site) = try site()
        let key = "\(folder.path)/operator/alice.operator.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        try await site.serve { port in
            let result = await SiteTerminal(folder: folder, port: port)("servers")
            #expect(result.code == 1)
            #expect(result.errors.contains("may read or change the key \(key). chmod 600 \(key)"))
            #expect(site.asked.isEmpty)
        }
    }

    @Test func `a folder of several operators wants to know which`() async throws {
        let (folder, site) = try site()
        try site.issueOperator("bob", into: "\(folder.path)/operator")
        try await site.serve { port in
            let terminal = SiteTerminal(folder: folder, port: port)
            let which = await terminal("servers")
            #expect(which.errors.contains("is of several operators: alice, bob. Say which with --operator."))
            #expect(await terminal("servers", "--operator", "bob").code == 0)
            #expect(
                await terminal("servers", "--operator", "carol").errors.contains("carol.operator.pem cannot be read"))
            #expect(await terminal("use", "--operator", "bob").output.contains("bob, until "))
            let folder = "\(folder.path)/operator"
            #expect(await terminal("servers", "--credentials", folder).errors.contains("several operators"))
        }
    }

    @Test func `files that are none, of another key or role, or too old are refused`() async throws {
        let (folder, site) = try site()
        let terminal = SiteTerminal(folder: folder, port: 1)
        func refusal(_ name: String) async -> String {
            await terminal("servers", "--credentials", "\(folder.path)/\(name)").errors
        }
        try DirectoryFolder(path: "\(folder.path)/empty", create: true).sync()
        #expect(await refusal("empty").contains("has no certificate of an operator. On the configuration server:"))
        #expect(await refusal("none").contains("cannot be read"))
        try site.issueOperator("alice", into: "\(folder.path)/role", role: .processServer)
        #expect(await refusal("role").contains("is no certificate of an operator"))
        let past = SystemClock().now().advanced(byNanoseconds: -2 * 86400 * 1_000_000_000)
        try site.issueOperator("alice", into: "\(folder.path)/old", issued: past)
        #expect(await refusal("old").contains("alice.operator.pem expired at "))
        try site.issueOperator("alice", into: "\(folder.path)/mixed")
        let other = try DirectoryFolder(path: "\(folder.path)/operator")
        let key = try #require(try other.contents(of: "alice.operator.key", limit: 1 << 16))
        try DirectoryFolder(path: "\(folder.path)/mixed").replace("alice.operator.key", with: key)
        #expect(await refusal("mixed").contains("do not fit"))
        try DirectoryFolder(path: "\(folder.path)/mixed").replace("alice.operator.pem", with: [0, 1, 2])
        #expect(await refusal("mixed").contains("do not fit"))
    }
}

extension TestFolder {
    var name: String { String(path.split(separator: "/").last ?? "") }
}
