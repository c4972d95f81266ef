// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HealthChecks
import StoragePrimitives
import Testing

@Suite struct ServerCheckTests {
    static let day = 86_400 * second

    /// A registration that was made ten days ago, with a certificate for ninety, and answered a second ago.
    static func registration() -> RegistrationReport {
        var report = RegistrationReport(
            hostID: "0b6f2a3c-7d4e-4f5a-8b9c-0d1e2f3a4b5c", servers: ["mt-cs:443"], registered: DateTime(ago(10 * day)),
            certificateBegins: DateTime(ago(10 * day)),
            certificateExpires: DateTime(now.advanced(byNanoseconds: 80 * day)))
        report.lastAnswer = DateTime(ago(second))
        report.roundTripMilliseconds = 12
        report.serverVersion = "1.4.0"
        return report
    }

    func finding(
        _ id: String, version: String = "1.4.0", isAgentThere: Bool = true,
        _ change: (inout RegistrationReport) -> Void = { _ in }
    ) throws -> Finding {
        var report = Self.registration()
        change(&report)
        return try judge(id) {
            $0.server = .known(ServerFacts(registration: report, version: version, isAgentThere: isAgentThere))
        }
    }

    @Test(arguments: ["server.reachable", "server.registered", "server.heartbeat", "service.version"])
    func `a machine that is registered with nobody is well, and so is one that is answered`(id: String) throws {
        #expect(try judge(id) { $0.server = .known(ServerFacts(version: "1.4.0")) }.severity == .ok)
        #expect(try finding(id).severity == .ok)
    }

    @Test func `server.reachable: slow is a warning, no answer critical, not asked yet unknown`() throws {
        #expect(try finding("server.reachable") { $0.roundTripMilliseconds = 2_000 }.severity == .ok)
        #expect(try finding("server.reachable") { $0.roundTripMilliseconds = 2_001 }.severity == .warning)
        #expect(try finding("server.reachable") { $0.roundTripMilliseconds = nil }.severity == .unknown)
        let lost = try finding("server.reachable") {
            $0.isUnreachable = true
            $0.problem = "No configuration server answered."
        }
        #expect(lost.severity == .critical && lost.evidence == ["No configuration server answered."])
    }

    @Test(
        arguments: [
            (80 * day, Severity.ok), (30 * day, .ok), (30 * day - 3_601 * second, .warning), (second, .warning),
            (0, .critical), (-day, .critical),
        ] as [(Int64, Severity)])
    func `server.registered: a certificate that was not renewed in time`(left: Int64, severity: Severity) throws {
        #expect(
            try finding("server.registered") {
                $0.certificateBegins = DateTime(now.advanced(byNanoseconds: left - 90 * Self.day))
                $0.certificateExpires = DateTime(now.advanced(byNanoseconds: left))
            }.severity == severity)
    }

    @Test func `server.registered: a certificate that was taken back`() throws {
        #expect(try finding("server.registered") { $0.isRevoked = true }.severity == .critical)
    }

    @Test(
        arguments: [
            (60 * second, Severity.ok), (61 * second, .warning), (900 * second, .warning), (901 * second, .critical),
            (-10 * second, .unknown),
        ] as [(Int64, Severity)])
    func `server.heartbeat: more than a minute is a warning, more than a quarter of an hour critical`(
        age: Int64, severity: Severity
    ) throws {
        #expect(try finding("server.heartbeat") { $0.lastAnswer = DateTime(ago(age)) }.severity == severity)
    }

    @Test func `server.heartbeat: one that was never answered counts from the registration`() throws {
        #expect(try finding("server.heartbeat") { $0.lastAnswer = nil }.severity == .critical)
        #expect(try finding("server.heartbeat", isAgentThere: false).severity == .unknown)
    }

    @Test(
        arguments: [
            ("1.4.0", Severity.ok), ("1.3.9", .ok), ("1.4", .ok), ("1.4.0-dev", .ok), ("1.4.1", .critical),
            ("1.10.0", .critical), ("2", .critical), ("999999999999999999999999", .critical),
        ])
    func `service.version: newer than the configuration server`(version: String, severity: Severity) throws {
        #expect(try finding("service.version", version: version).severity == severity)
        #expect(try finding("service.version") { $0.serverVersion = nil }.severity == .unknown)
    }
}
