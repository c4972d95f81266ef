// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import HostCertificates
import LinuxSystem
import Registration
import ServiceLifecycle
import StoragePrimitives
import Synchronization
import Testing

@Suite struct HeartbeatServiceTests {
    /// What a service tells, as it comes.
    final class Source: HeartbeatSource {
        enum Event: Sendable {
            case beat
            case revocations(UInt64)
            case renewed(Credentials)
            case changed(ConfigurationFailure.Code?)
        }

        let host: TestHost
        let events: AsyncStream<Event>
        private let sink: AsyncStream<Event>.Continuation

        init(_ host: TestHost) {
            self.host = host
            (events, sink) = AsyncStream.makeStream()
        }

        func heartbeat(revocations: UInt64) async -> HeartbeatRequest {
            sink.yield(.beat)
            return host.heartbeat(SystemClock().now(), revocations: revocations)
        }

        func received(_ revocations: RevocationList) async { sink.yield(.revocations(revocations.number)) }
        func renewed(_ credentials: Credentials) async throws { sink.yield(.renewed(credentials)) }
        func changed(_ problem: ConfigurationFailure?) async { sink.yield(.changed(problem?.code)) }
    }

    /// Runs a service until the work is done, and ends it in order.
    private func run(
        _ endpoints: [ServerEndpoint], _ credentials: Credentials, _ source: Source,
        _ work: () async throws -> Void
    ) async throws {
        let service = HeartbeatService(endpoints, credentials: credentials, source: source, logger: .silent)
        let group = ServiceGroup(services: [service], logger: .silent)
        async let running: Void = group.run()
        do {
            try await work()
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test func `it goes on to beat over one connection, and hears what is taken back`() async throws {
        try await TestServer.with {
            $0.heartbeatSeconds = 2
        } _: { server in
            let host = TestHost(1)
            let source = Source(host)
            let credentials = try await server.credentials(host)
            _ = try await server.enrol(TestHost(2))
            try await run([ServerEndpoint(host: "127.0.0.1", port: 1), server.endpoint], credentials, source) {
                var events = source.events.makeAsyncIterator()
                guard case .beat = await events.next(), case .beat = await events.next() else {
                    return #expect(Bool(false), "no heartbeat")
                }
                #expect(try await server.operatorClient.server(host.hostID).state == .online)
                _ = try await server.operatorClient.revoke(TestHost(2).hostID, reason: "test")
                while let event = await events.next() {
                    guard case .revocations(let number) = event else { continue }
                    #expect(number == 1)
                    return
                }
            }
        }
    }

    @Test func `it renews by itself, and goes on with the new certificate`() async throws {
        try await TestServer.with(ageDays: 70) {
            $0.heartbeatSeconds = 2
        } _: { server in
            let host = TestHost(1)
            let source = Source(host)
            let credentials = try await server.credentials(host)
            server.clock.advance(days: 70)
            try await run([server.endpoint], credentials, source) {
                var renewed: Credentials?
                for await event in source.events {
                    if case .renewed(let new) = event { renewed = new }
                    if case .beat = event, renewed != nil { break }
                }
                let serial = try IssuedCertificate(pemEncoded: #require(renewed).certificate).serial
                #expect(try await server.operatorClient.server(host.hostID).serial == serial)
            }
        }
    }

    @Test func `a refusal is told once, with its code`() async throws {
        try await TestServer.with { server in
            let host = TestHost(1)
            let credentials = try await server.credentials(host)
            _ = try await server.operatorClient.revoke(host.hostID, reason: "test")
            let source = Source(host)
            try await run([server.endpoint], credentials, source) {
                for await event in source.events {
                    guard case .changed(let code) = event else { continue }
                    #expect(code == .revoked)
                    return
                }
            }
        }
    }
}
