// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import StoragePrimitives
import Synchronization

/// A browser without a picture: curl, with the headers that browsers send.
struct ConsoleClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        /// By names in small letters.
        let headers: [String: String]
        let body: String

        var location: String? { headers["location"] }
        /// The session's token that the forms of the page carry.
        var formToken: String? {
            body.firstMatch(of: /name="csrf" value="([0-9a-f]{64})"/).map { String($0.1) }
        }
    }

    var port: Int
    var cookie: String?
    /// Options of curl besides: a certificate, another address.
    var options: [String] = []

    var origin: String { "https://127.0.0.1:\(port)" }

    static func name(_ server: TestServer) -> ConsoleClient { ConsoleClient(port: server.port) }

    /// The operator's certificate on the connection.
    static func certificate(_ server: TestServer, of name: String = "alice") -> ConsoleClient {
        let files = "\(server.folder.path)/operator/\(name).operator"
        return ConsoleClient(port: server.port, options: ["--cert", "\(files).pem", "--key", "\(files).key"])
    }

    func get(_ path: String, _ more: [String] = []) async throws -> Answer { try await send(path, more) }

    /// Sends a form.
    ///
    /// - Parameter from: What the browser says that it comes from; the console unless said, nil for nothing.
    func post(_ path: String, _ fields: [String: String], from: String?? = .none) async throws -> Answer {
        let origin: String? = from ?? self.origin
        return try await send(
            path,
            fields.sorted { $0.key < $1.key }.flatMap { ["--data-urlencode", "\($0.key)=\($0.value)"] }
                + (fields.isEmpty ? ["--data", ""] : []) + (origin.map { ["--header", "Origin: \($0)"] } ?? []))
    }

    private func send(_ path: String, _ more: [String]) async throws -> Answer {
        let outcome = try await Tool.run(
            "/usr/bin/curl",
            ["--silent", "--insecure", "--include", "--max-time", "20"] + options + more
                + (cookie.map { ["--header", "Cookie: \($0)"] } ?? []) + [origin + path])
        let parts = outcome.output.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts.first?.split(separator: "\r\n") ?? []
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            if pair.count == 2 { headers[pair[0].lowercased()] = pair[1].trimmingCharacters(in: .whitespaces) }
        }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Answer(status: status, headers: headers, body: parts.count > 1 ? String(parts[1]) : "")
    }

    /// Signs in by a code.
    mutating func signIn(_ code: String, next: String = "/console/") async throws -> Answer {
        let answer = try await post("/console/login", ["code": code, "next": next])
        if let cookie = answer.headers["set-cookie"] { self.cookie = String(cookie.prefix { $0 != ";" }) }
        return answer
    }

    /// Somebody who is signed in.
    static func signedIn(_ server: TestServer) async throws -> ConsoleClient {
        var client = ConsoleClient(port: server.port)
        _ = try await client.signIn(try await code(server).code)
        return client
    }

    static func code(_ server: TestServer, of name: String = "alice") async throws -> ConsoleCode {
        if name != "alice" { try await server.issueOperator(name) }
        let answer = try await certificate(server, of: name).post(ConfigurationPath.consoleCodes, [:], from: .some(nil))
        return try JSONDecoder().decode(ConsoleCode.self, from: Data(answer.body.utf8))
    }
}

private final class Made: Sendable {
    let site = Mutex<SampleSite?>(nil)
}

extension TestServer {
    /// Runs a server with a console over a site in memory.
    static func withConsole<Result: Sendable>(
        hostile: String = "", _ work: @Sendable (TestServer, SampleSite) async throws -> Result
    ) async throws -> Result {
        let made = Made()
        let make: (Timestamp) -> any SiteService = { now in
            made.site.withLock { site in
                let fresh = SampleSite(SampleSite.content(now: now, hostile: hostile), now: now)
                site = fresh
                return fresh
            }
        }
        return try await with(site: make) { server in
            guard let site = made.site.withLock({ $0 }) else {
                throw ConfigurationFailure(.internalFailure, "There is no site.", remedy: "")
            }
            return try await work(server, site)
        }
    }
}
