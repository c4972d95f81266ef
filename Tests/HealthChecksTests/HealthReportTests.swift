// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import HealthChecks
import LinuxSystem
import StoragePrimitives
import Synchronization
import Testing

struct FixedClock: WallClock {
    func now() -> Timestamp { HealthChecksTests.now }
}

@Suite struct HealthReportTests {
    static func check(_ id: String, _ finding: Finding) -> HealthCheck {
        HealthCheck(id, "It holds.", needs: .clock) { _, _ in finding }
    }

    static func report(_ findings: [Finding]) -> HealthReport {
        var facts = HealthFacts(at: now)
        facts.clock = .known(ClockFacts(isSynchronized: true))
        return HealthReport(judging: facts, with: findings.enumerated().map { check("a.\($0.offset)", $0.element) })
    }

    @Test func `the catalogue has the design's checks in its order, each once`() {
        #expect(
            HealthCheck.catalogue.map(\.id) == [
                "os.packages", "os.layout", "os.time", "os.memory", "os.cpu", "vm.product", "vm.identity",
                "disks.enable-uuid", "disks.unique", "disks.ledger", "disks.guard", "multipath.daemon",
                "multipath.paths",
                "multipath.config", "retention.volume", "retention.space", "retention.integrity",
                "server.reachable", "server.registered", "server.heartbeat", "replication.listener",
                "replication.rpo", "replication.apply", "replication.points", "service.version",
            ])
    }

    @Test func `what is waived is shown with its reason and does not count`() throws {
        var facts = HealthFacts(at: now)
        facts.clock = .known(ClockFacts(isSynchronized: true))
        let checks = [
            Self.check("a.bad", Finding(.critical, "It is bad.", remedy: "Mend it.")),
            Self.check("a.poor", Finding(.warning, "It is poor.", remedy: "Mend it.")),
        ]
        let report = HealthReport(judging: facts, with: checks, waivers: ["a.bad": "It is meant so."])
        #expect(report.severity == .warning && report.exitCode == 1)
        #expect(report.count(.critical) == 0)
        #expect(report.checks.map(\.waived) == ["It is meant so.", nil])
        #expect(report.checks.first?.severity == .critical)
        let lines = report.lines()
        #expect(lines.contains("    Waived in the configuration: It is meant so."))
        #expect(!lines.contains("    It is bad."))
        #expect(lines.last?.hasPrefix("1 warning, 1 waived at") == true)
        #expect(report.monitoringLine.hasPrefix("MASTER TARGET WARNING - 1 warning: a.poor"))
        let all = HealthReport(judging: facts, with: [checks[0]], waivers: ["a.bad": "x"])
        #expect(all.severity == .unknown)
    }

    @Test func `what nobody looked at is unknown everywhere`() {
        let report = HealthReport(judging: HealthFacts(at: now))
        #expect(report.count(.unknown) == HealthCheck.catalogue.count && report.exitCode == 3)
        #expect(report.checks.allSatisfy { $0.remedy != nil })
    }

    @Test(
        arguments: [
            ([], 3), ([.ok], 0), ([.ok, .unknown], 3), ([.unknown, .warning, .ok], 1),
            ([.warning, .critical, .unknown], 2),
        ] as [([Severity], Int32)])
    func `the worst severity is the exit code`(severities: [Severity], code: Int32) {
        #expect(Self.report(severities.map { Finding($0, "It is so.", remedy: "Mend it.") }).exitCode == code)
    }

    @Test func `the monitoring line names what is not ok, and has the figures`() {
        let report = Self.report([
            Finding(.ok, "Fine.", measures: [Measure("root_free", 43.25, .percent, warning: 20, critical: 10)]),
            Finding(.warning, "Hm.", remedy: "Mend it.", measures: [Measure("it's|=", -1.5, .seconds)]),
            Finding(.critical, "No.", remedy: "Mend it.", measures: [Measure("n", .infinity, .count, critical: 1e300)]),
        ])
        #expect(
            report.monitoringLine
                == "MASTER TARGET CRITICAL - 1 critical: a.2; 1 warning: a.1 | 'root_free'=43.3%;20;10 'it_s__'=-1.5s "
                + "'n'=0;;above 1e15")
        #expect(Self.report([Finding(.ok, "Fine.")]).monitoringLine == "MASTER TARGET OK - all 1 checks are ok")
    }

    @Test func `the JSON is stable, and can be read back`() throws {
        let report = Self.report([
            Finding(
                .warning, "Hm.", remedy: "Mend it.",
                measures: [Measure("root_free", 19.5, .percent, warning: 20, critical: 10)])
        ])
        let json = String(decoding: try report.json(), as: UTF8.self)
        #expect(
            json == """
                {
                  "checks" : [
                    {
                      "evidence" : [
                        "Hm."
                      ],
                      "id" : "a.0",
                      "measures" : [
                        {
                          "critical" : 10,
                          "label" : "root_free",
                          "unit" : "%",
                          "value" : 19.5,
                          "warning" : 20
                        }
                      ],
                      "remedy" : "Mend it.",
                      "severity" : "warning",
                      "title" : "It holds."
                    }
                  ],
                  "milliseconds" : 0,
                  "moment" : "2027-01-15T08:00:00Z",
                  "schema" : 1,
                  "severity" : "warning"
                }
                """)
        #expect(try JSONDecoder().decode(HealthReport.self, from: Data(json.utf8)) == report)
    }

    @Test func `people see a line for each check, then evidence and remedy of what is not ok`() {
        let report = Self.report([Finding(.ok, "Fine."), Finding(.critical, "No.", remedy: "Mend it.")])
        #expect(
            report.lines() == [
                "✓ ok        a.0  It holds.", "✗ critical  a.1  Not so: It holds.", "", "✗ a.1", "    No.",
                "    To do: Mend "
                    + "it.",
                "", "1 critical, 1 ok at 2027-01-15T08:00:00Z.",
            ])
        #expect(report.lines(allEvidence: true).contains("    Fine."))
    }

    @Test func `a source that hangs is unknown, is begun once, and is heard when it comes back`() {
        let (gate, asked) = (Doorbell(), Asked())
        var host = MemoryHost()
        host.clockFacts = ClockFacts(isSynchronized: true)
        var sources = HealthSources(host: host)
        sources.retention = {
            asked.count()
            if !asked.isReleased { gate.wait() }
            return RetentionFacts(rules: [.init(isKept: true, sentence: "It is mounted.")], available: .gibibytes(9))
        }
        sources.multipath = { throw DeviceError(.permissionDenied, operation: "connect", object: "multipathd") }
        let collector = FactsCollector(sources, wall: FixedClock())
        for _ in 0..<3 {
            let report = collector.report(within: 20_000_000)
            #expect(report.milliseconds < 1000)
            #expect(report.checks.first { $0.id == "os.time" }?.severity == .ok)
            let retention = report.checks.first { $0.id == "retention.volume" }
            #expect(retention?.severity == .unknown && retention?.evidence.first?.contains("takes too long") == true)
            let multipath = report.checks.first { $0.id == "multipath.paths" }
            #expect(multipath?.severity == .unknown && multipath?.evidence.first?.contains("multipathd") == true)
        }
        #expect(asked.times == 1)
        asked.release()
        gate.ring()
        let report = collector.report(within: 60_000_000_000)
        #expect(report.checks.first { $0.id == "retention.volume" }?.severity == .ok)
    }

    @Test func `this machine is looked at in less than a second`() {
        let collector = FactsCollector(HealthSources(host: LinuxHost(state: nil)))
        let report = collector.report()
        #expect(report.milliseconds < 1000)
        let known = ["os.packages", "os.layout", "os.time", "os.memory", "os.cpu", "vm.product"]
        for check in report.checks where known.contains(check.id) {
            #expect(check.severity != .unknown, "\(check)")
        }
        #expect(report.checks.first { $0.id == "vm.identity" }?.severity == .unknown)
    }
}

final class Asked: Sendable {
    private let number = Mutex(0)
    private let released = Mutex(false)
    var times: Int { number.withLock { $0 } }
    var isReleased: Bool { released.withLock { $0 } }
    func count() { number.withLock { $0 += 1 } }
    func release() { released.withLock { $0 = true } }
}
