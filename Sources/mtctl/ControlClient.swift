// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import AsyncHTTPClient
import ControlAPI
import NIOCore
import StateFiles

/// Talks to the agent over its control socket.
package struct ControlClient: Sendable {
    package let socket: String

    /// What an answer may take; long work is a job and answers at once.
    private static let timeout = TimeAmount.seconds(60)

    /// One for the program, ended with it. A socket that nobody listens on is told at once, not tried again.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        // A machine that is busy accepts late; one where nobody listens refuses at once.
        configuration.timeout.connect = timeout
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    package init(socket: String) { self.socket = socket }

    package func get<Answer: Decodable>(_ path: String, as type: Answer.Type = Answer.self) async throws -> Answer {
        try await send("GET", path, body: nil)
    }

    /// An answer as it came: JSON, or what else is at the path.
    package func bytes(_ path: String) async throws -> [UInt8] { try await send("GET", path, body: nil) }

    package func post<Answer: Decodable>(
        _ path: String, _ body: some Encodable, as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try await send("POST", path, body: try JSON.encode(body))
    }

    package func post<Answer: Decodable>(_ path: String, as type: Answer.Type = Answer.self) async throws -> Answer {
        try await send("POST", path, body: [])
    }

    private func send<Answer: Decodable>(_ method: String, _ path: String, body: [UInt8]?) async throws -> Answer {
        let bytes = try await send(method, path, body: body)
        do {
            return try JSON.decode(Answer.self, from: bytes)
        } catch {
            throw ControlFailure(
                .internalFailure, "The agent's answer to \(path) cannot be read (\(error)).",
                remedy: "Install mtctl and mastertargetd of one version.")
        }
    }

    private func send(_ method: String, _ path: String, body: [UInt8]?) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: "http+unix://\(percentEncoded(socket))\(path)")
        request.method = .init(rawValue: method)
        // A connection for each request: one that is kept may be ended by the agent in the moment it is used again.
        request.headers.add(name: "connection", value: "close")
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let (status, bytes) = try await exchange(request)
        guard (200..<300).contains(status) else {
            // An answer that is no failure of ours comes from something else behind that socket.
            guard let failure = try? JSON.decode(ControlFailure.self, from: bytes) else {
                throw ControlFailure(
                    .internalFailure, "\(socket) answered \(method) \(path) with status \(status).",
                    remedy: "Check that --socket names the agent's socket, and that both have one version.")
            }
            throw failure
        }
        return bytes
    }

    private func exchange(_ request: HTTPClientRequest) async throws -> (status: Int, bytes: [UInt8]) {
        do {
            let response = try await Self.http.execute(request, timeout: Self.timeout)
            let body = try await response.body.collect(upTo: ControlPath.maximumAnswerBytes)
            return (Int(response.status.code), Array(body.readableBytesView))
        } catch {
            throw ControlFailure(
                .unavailable, "The agent does not answer on \(socket) (\(Self.reason(error))).",
                remedy:
                    "Start it with systemctl start mastertargetd, name its socket with --socket, or join the group "
                    + "mastertarget.")
        }
    }

    /// The system's word for it, without the calls that it went through.
    private static func reason(_ error: any Error) -> String {
        switch (error as? IOError)?.errnoCode {
        case 2?: "there is no such socket"  // ENOENT
        case 13?: "it may not be used by this user"  // EACCES
        case 111?: "nobody listens"  // ECONNREFUSED
        case _: "\(error)"
        }
    }

    private func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
