// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import Testing

/// The console over real TLS.
@Suite struct ConsoleHTTPTests {
    @Test func `a code lets in once, for five minutes, however it is typed`() async throws {
        try await TestServer.withConsole { server, _ in
            let code = try await ConsoleClient.code(server)
            #expect(code.address == "https://localhost:\(server.port)/console/")
            #expect(code.expires.timestamp == server.clock.now().advanced(byNanoseconds: 300_000_000_000))
            var client = ConsoleClient.name(server)
            let typed = code.code.lowercased().replacing("-", with: " ")
            let answer = try await client.signIn(typed, next: "/console/groups/crm")
            #expect(answer.status == 303)
            #expect(answer.location == "/console/groups/crm")
            let cookie = answer.headers["set-cookie"] ?? ""
            for part in ["__Host-", "Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=28800"] {
                #expect(cookie.contains(part))
            }
            #expect(!cookie.contains("Domain"))
            #expect(try await client.get("/console/").status == 200)
            var other = ConsoleClient.name(server)
            #expect(try await other.signIn(code.code).status == 401)
            let late = try await ConsoleClient.code(server)
            server.clock.advance(seconds: 300)
            #expect(try await other.signIn(late.code).status == 401)
        }
    }

    @Test func `a new code ends the one before, and only an operator gets one`() async throws {
        try await TestServer.withConsole { server, _ in
            let first = try await ConsoleClient.code(server)
            let second = try await ConsoleClient.code(server)
            var client = ConsoleClient.name(server)
            #expect(try await client.signIn(first.code).status == 401)
            #expect(try await client.signIn(second.code).status == 303)
            #expect(try await client.post(ConfigurationPath.consoleCodes, [:]).status == 401)
        }
    }

    @Test func `a certificate lets in, and its session has a form token too`() async throws {
        try await TestServer.withConsole { server, site in
            var client = ConsoleClient.certificate(server)
            #expect(try await client.get("/console/").status == 303)
            let login = try await client.get("/console/login")
            #expect(login.body.contains("Continue as alice"))
            let answer = try await client.post("/console/login", ["with": "certificate"])
            #expect(answer.status == 303)
            client.cookie = answer.headers["set-cookie"].map { String($0.prefix { $0 != ";" }) }
            let page = try await client.get("/console/groups/crm/commit")
            #expect(page.formToken != nil)
            #expect(try await client.post("/console/groups/crm/commit", ["confirmation": "crm"]).status == 403)
            #expect(site.done.isEmpty)
            let none = try await ConsoleClient.name(server).post("/console/login", ["with": "certificate"])
            #expect(none.status == 401)
        }
    }

    @Test func `who is not signed in is sent to sign in, and comes back`() async throws {
        try await TestServer.withConsole { server, _ in
            let client = ConsoleClient.name(server)
            let answer = try await client.get("/console/jobs?group=crm")
            #expect(answer.status == 303)
            #expect(answer.location == "/console/login?next=%2Fconsole%2Fjobs%3Fgroup%3Dcrm")
            #expect(try await client.get("/").location == "/console/")
            for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "/v1/servers", "/console/\\x"] {
                var client = client
                let code = try await ConsoleClient.code(server)
                #expect(try await client.signIn(code.code, next: next).location == "/console/")
            }
        }
    }

    @Test func `a form without its token, with another's, or from another site changes nothing`() async throws {
        try await TestServer.withConsole { server, site in
            let client = try await ConsoleClient.signedIn(server)
            let other = try await ConsoleClient.signedIn(server)
            let path = "/console/groups/crm/failover"
            let token = try await client.get("\(path)/confirm?point=latest").formToken ?? ""
            let foreign = try await other.get("\(path)/confirm?point=latest").formToken ?? ""
            #expect(token != foreign)
            for wrong in ["", "0", foreign, String(token.dropLast()), token + "00"] {
                #expect(try await client.post(path, ["point": "latest", "csrf": wrong]).status == 403)
            }
            #expect(try await client.post(path, ["point": "latest"]).status == 403)
            let good = ["point": "latest", "csrf": token]
            for origin in [nil, "null", "https://evil.example", "http://127.0.0.1:\(server.port)", "https://127.0.0.1"]
            {
                #expect(try await client.post(path, good, from: .some(origin)).status == 403)
            }
            #expect(try await ConsoleClient.name(server).post(path, good).status == 401)
            #expect(site.done.isEmpty)
            let answer = try await client.post(path, good)
            #expect(answer.status == 303)
            #expect(answer.location?.hasPrefix("/console/jobs/") == true)
            #expect(site.done == ["alice failover crm"])
            // A job works on it now.
            let again = try await client.post(path, good)
            #expect(again.status == 409)
            #expect(again.body.contains("A job of alice works on crm."))
        }
    }

    @Test func `a session ends by itself, by signing out, and with the operator's certificate`() async throws {
        try await TestServer.withConsole { server, _ in
            let idle = try await ConsoleClient.signedIn(server)
            for _ in 0..<3 {
                server.clock.advance(seconds: 29 * 60)
                #expect(try await idle.get("/console/").status == 200)
            }
            // A page that refreshes itself is no use.
            server.clock.advance(seconds: 29 * 60)
            #expect(try await idle.get("/console/?auto=1").status == 200)
            server.clock.advance(seconds: 60)
            #expect(try await idle.get("/console/").status == 303)

            let long = try await ConsoleClient.signedIn(server)
            for _ in 0..<19 {
                server.clock.advance(seconds: 25 * 60)
                #expect(try await long.get("/console/").status == 200)
            }
            server.clock.advance(seconds: 5 * 60)
            #expect(try await long.get("/console/").status == 303)

            let leaving = try await ConsoleClient.signedIn(server)
            let token = try await leaving.get("/console/").formToken ?? ""
            #expect(try await leaving.post("/console/logout", [:]).status == 403)
            #expect(try await leaving.get("/console/").status == 200)
            let left = try await leaving.post("/console/logout", ["csrf": token])
            #expect(left.status == 303)
            #expect(left.headers["set-cookie"]?.contains("Max-Age=0") == true)
            #expect(try await leaving.get("/console/").status == 303)

            let revoked = try await ConsoleClient.signedIn(server)
            let code = try await ConsoleClient.code(server)
            try await server.revokeOperator("alice")
            #expect(try await revoked.get("/console/").status == 303)
            var late = ConsoleClient.name(server)
            #expect(try await late.signIn(code.code).status == 401)
            #expect(
                try await ConsoleClient.certificate(server).get("/console/login").body.contains("Continue as") == false)
        }
    }

    @Test func `who guesses codes is slowed down, and others are not yet`() async throws {
        try await TestServer.withConsole { server, _ in
            var statuses: [Int] = []
            var client = ConsoleClient.name(server)
            for _ in 0..<12 { statuses.append(try await client.signIn("AAAA-AAAA-AAAA-AAAA").status) }
            #expect(statuses == Array(repeating: 401, count: 10) + [429, 429])
            let code = try await ConsoleClient.code(server)
            #expect(try await client.signIn(code.code).status == 429)
            client.options = ["--interface", "127.0.0.2"]
            #expect(try await client.signIn(code.code).status == 303)
        }
    }

    @Test func `every answer says what browsers may do with it`() async throws {
        try await TestServer.withConsole { server, _ in
            let client = try await ConsoleClient.signedIn(server)
            for path in [
                "/console/", "/console/login", "/console/none", "/console/groups/none", "/console/console.css",
            ] {
                let headers = try await client.get(path).headers
                let policy = headers["content-security-policy"] ?? ""
                #expect(policy.hasPrefix("default-src 'none';"), "\(path)")
                #expect(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["referrer-policy"] == "same-origin")
                #expect(headers["strict-transport-security"]?.hasPrefix("max-age=") == true)
                #expect(headers["cache-control"] == (path.hasSuffix("css") ? "no-cache" : "no-store"))
            }
            let style = try await client.get("/console/console.css")
            let tag = style.headers["etag"] ?? ""
            #expect(tag.hasPrefix("\"") && tag.count == 34)
            let again = try await client.get("/console/console.css", ["--header", "If-None-Match: \(tag)"])
            #expect(again.status == 304 && again.body.isEmpty)
            let other = try await client.get("/console/console.css", ["--header", "If-None-Match: \"x\""])
            #expect(other.status == 200)
        }
    }

    @Test func `looking changes nothing`() async throws {
        try await TestServer.withConsole { server, site in
            let client = try await ConsoleClient.signedIn(server)
            let jobs = site.jobs(of: nil)
            let paths = [
                "/console/", "/console/servers", "/console/servers/\(SampleSite.masterTarget)", "/console/groups/crm",
                "/console/groups/crm/failover?point=latest", "/console/groups/crm/failover/confirm?point=latest",
                "/console/groups/crm/reprotect", "/console/groups/crm/reprotect/confirm?direction=forward",
                "/console/groups/erp/rollback", "/console/groups/erp/rollback/confirm", "/console/groups/erp/commit",
                "/console/groups/mail", "/console/jobs", "/console/jobs?group=erp",
                "/console/jobs/\(SampleSite.failedJob)", "/console/machines", "/console/policies",
                "/console/policies/edit", "/console/policies/edit?name=gold",
            ]
            for path in paths { #expect(try await client.get(path).status == 200, "\(path)") }
            for path in [
                "/console/logout", "/console/jobs/\(SampleSite.failedJob)/retry",
                "/console/jobs/\(SampleSite.runningJob)/cancel",
            ] {
                #expect(try await client.get(path).status == 404, "\(path)")
            }
            #expect(site.done.isEmpty)
            #expect(site.jobs(of: nil) == jobs)
            for path in ["/console/groups/none", "/console/servers/x", "/console/jobs/x", "/console/a/b/c"] {
                let answer = try await client.get(path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.body.contains("<h1>"))
                #expect(answer.body.contains("aria-label=\"Console\"") == (path != "/console/a/b/c"))
            }
        }
    }

    @Test func `a commit wants the name of the group, and a refused operation has no button`() async throws {
        try await TestServer.withConsole { server, site in
            let client = try await ConsoleClient.signedIn(server)
            let token = try await client.get("/console/groups/erp/commit").formToken ?? ""
            for typed in ["", "ERP", "crm"] {
                let answer = try await client.post(
                    "/console/groups/erp/commit", ["csrf": token, "confirmation": typed])
                #expect(answer.status == 400)
                #expect(answer.body.contains("not the name of the group"))
            }
            #expect(site.done.isEmpty)
            let answer = try await client.post("/console/groups/erp/commit", ["csrf": token, "confirmation": "erp"])
            #expect(answer.status == 303)
            #expect(site.done == ["alice commit erp"])
            site.state.withLock {
                $0.refusal = SiteFinding(
                    rule: "R-11", severity: .refusal, message: "crm-db-1 has snapshots.", remedy: "Remove them.")
            }
            let refused = try await client.get("/console/groups/crm/reprotect/confirm")
            #expect(refused.body.contains("crm-db-1 has snapshots.") && refused.body.contains("Remove them."))
            #expect(!refused.body.contains("action=\"/console/groups/crm/reprotect\""))
            let unknown = try await client.get("/console/groups/crm/failover/confirm?point=none")
            #expect(!unknown.body.contains("action=\"/console/groups/crm/failover\""))
        }
    }

    @Test func `jobs are cancelled and tried again, policies saved`() async throws {
        try await TestServer.withConsole { server, site in
            let client = try await ConsoleClient.signedIn(server)
            let token = try await client.get("/console/").formToken ?? ""
            let failed = "/console/jobs/\(SampleSite.failedJob)"
            #expect(try await client.post("\(failed)/retry", ["csrf": token]).location == failed)
            #expect(try await client.post("\(failed)/retry", ["csrf": token]).status == 409)
            let running = "/console/jobs/\(SampleSite.runningJob)"
            #expect(try await client.post("\(running)/cancel", ["csrf": token]).location == running)
            var fields = ["csrf": token, "name": "silver", "isNew": "yes"]
            for way in ["forward", "failback"] {
                fields["\(way)-rpo"] = "10m"
                fields["\(way)-retention"] = "48h"
                fields["\(way)-interval"] = "1h"
                fields["\(way)-quota"] = "200GiB"
            }
            var wrong = fields
            wrong["failback-rpo"] = "soon<b>"
            let refused = try await client.post("/console/policies", wrong)
            #expect(refused.status == 400)
            #expect(refused.body.contains("value=\"soon&lt;b&gt;\""))
            #expect(try await client.post("/console/policies", fields).location == "/console/policies")
            #expect(try await client.post("/console/policies", fields).status == 409)
            let saved = try site.policy("silver")
            #expect(saved.failback.rpoThresholdSeconds == 600 && saved.forward.quotaBytes == 200 << 30)
            #expect(site.done == ["alice retry", "alice cancel", "alice policy silver"])
            let large = String(repeating: "a", count: 9 << 10)
            #expect(try await ConsoleClient.name(server).post("/console/login", ["code": large]).status == 413)
        }
    }

    @Test func `hostile names show as text on every page`() async throws {
        try await TestServer.withConsole(hostile: ConsoleRenderingTests.hostile) { server, _ in
            let client = try await ConsoleClient.signedIn(server)
            for path in ["/console/", "/console/groups/erp", "/console/jobs/\(SampleSite.failedJob)"] {
                let page = try await client.get(path)
                #expect(page.status == 200)
                #expect(page.body.contains("&lt;script&gt;") && !page.body.contains("<script>"))
            }
        }
    }
}
