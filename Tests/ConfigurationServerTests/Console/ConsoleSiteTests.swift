// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import StoragePrimitives
import Testing

/// The console over the server's own site.
@Suite struct ConsoleSiteTests {
    private func send(_ value: some Encodable, _ path: String, _ server: TestServer) async throws -> Int {
        let text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        return try await ConsoleClient.certificate(server).get(path, ["--data", text]).status
    }

    @Test func `what the interface makes is shown, and what forms change the interface has`() async throws {
        try await TestServer.with { server in
            let client = try await ConsoleClient.signedIn(server)
            let empty = try await client.get("/console/")
            #expect(empty.status == 200)
            #expect(empty.body.contains("Nothing does.") && empty.body.contains("None is enrolled yet."))
            let host = try await server.enrol(TestHost(1))
            _ = try await host.heartbeat(TestHost(1).heartbeat(server.clock.now()))
            let disk = SiteDisk(id: "0", sizeBytes: .gibibytes(1), source: "/dev/sdb", original: "file:/tmp/x.img")
            #expect(
                try await send(SiteMachine(name: "shop-db", disks: [disk]), ConfigurationPath.machines, server) == 200)
            #expect(
                try await send(SiteGroup(name: "shop", machines: ["shop-db"]), ConfigurationPath.groups, server) == 200)
            let token = try await client.get("/console/policies").formToken ?? ""
            var fields = ["csrf": token, "name": SitePolicy.defaultName]
            for way in ["forward", "failback"] {
                fields["\(way)-rpo"] = "7m"
                fields["\(way)-retention"] = "48h"
                fields["\(way)-interval"] = "1h"
            }
            #expect(try await client.post("/console/policies", fields).status == 303)
            let policy = try await ConsoleClient.certificate(server).get(ConfigurationPath.policy("default"))
            #expect(
                try JSONDecoder().decode(SitePolicy.self, from: Data(policy.body.utf8)).failback.rpoThresholdSeconds
                    == 420)
            for path in [
                "/console/", "/console/servers", "/console/servers/\(TestHost(1).hostID)", "/console/groups/shop",
                "/console/machines", "/console/policies", "/console/jobs", "/console/groups/shop/reprotect",
                "/console/groups/shop/commit", "/console/groups/shop/rollback/confirm",
            ] {
                #expect(try await client.get(path).status == 200, "\(path)")
            }
            #expect(try await client.get("/console/").body.contains("of 7 min"))
        }
    }

    @Test func `what stands against an operation is said, and it is not begun`() async throws {
        try await TestServer.with { server in
            let client = try await ConsoleClient.signedIn(server)
            let disk = SiteDisk(id: "0", sizeBytes: .gibibytes(1), source: "/dev/sdb")
            _ = try await send(SiteMachine(name: "shop-db", disks: [disk]), ConfigurationPath.machines, server)
            _ = try await send(SiteGroup(name: "shop", machines: ["shop-db"]), ConfigurationPath.groups, server)
            let page = try await client.get("/console/groups/shop/reprotect/confirm?direction=failback")
            #expect(page.status == 200)
            #expect(page.body.contains("What stands against it"))
            #expect(!page.body.contains("class=\"decide\""))
            let token = page.formToken ?? ""
            let answer = try await client.post("/console/groups/shop/reprotect", ["csrf": token])
            #expect(answer.status >= 400 && answer.status < 500)
            #expect(answer.body.contains("Refused"))
            #expect(try await client.get("/console/jobs").body.contains("There was none yet."))
        }
    }
}
