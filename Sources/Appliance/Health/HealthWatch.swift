// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HealthChecks
import Logging
import ServiceLifecycle

/// Looks at everything once a minute, so that `mtctl status` can say at once what is wrong, and the journal says when
/// it began.
package struct HealthWatch: Service {
    let core: ApplianceCore
    let logger: Logger
    let clock: any Clock<Duration>

    /// Between two looks; a look takes less than a second, on threads of its own.
    package static let interval = Duration.seconds(60)
    /// The first look finds what is still starting.
    private static let start = Duration.seconds(5)

    package func run() async throws {
        await core.readiness.wait()
        await cancelWhenGracefulShutdown {
            var former: [String: String] = [:]
            try? await clock.sleep(for: Self.start)  // cancellation is looked at next
            while !Task.isCancelled {
                await look(&former)
                try? await clock.sleep(for: Self.interval)  // as above
            }
        }
    }

    /// Tells what is new since the last look.
    private func look(_ former: inout [String: String]) async {
        do {
            let summary = try await core.health().summary
            for failing in summary.failing where former[failing.check] != failing.severity {
                logger.log(
                    level: failing.severity == "critical" ? .error : .warning, "A health check found something.",
                    metadata: [
                        "check": "\(failing.check)", "severity": "\(failing.severity)",
                        "finding": "\(failing.sentence)", "remedy": "\(failing.remedy ?? "")",
                    ])
            }
            let now = Dictionary(summary.failing.map { ($0.check, $0.severity) }) { first, _ in first }
            for check in former.keys.sorted() where now[check] == nil {
                logger.notice("A health check is ok again.", metadata: ["check": "\(check)"])
            }
            former = now
        } catch {
            logger.error("The machine's health cannot be looked at.", metadata: ["reason": "\(error)"])
        }
    }
}

extension HealthReport {
    /// In short: what is not ok, with the worst of its sentences.
    package var summary: HealthSummary {
        let failing = checks.filter { $0.waived == nil && $0.severity != .ok }
        let ordered = Severity.allCases.sorted(by: >).flatMap { level in failing.filter { $0.severity == level } }
        let counts = Severity.allCases.map { ($0.rawValue, count($0)) }.filter { $0.1 > 0 }
        return HealthSummary(
            moment: moment, severity: severity.rawValue, counts: Dictionary(counts) { first, _ in first },
            failing: ordered.map { result in
                HealthSummary.Failing(
                    check: result.id, severity: result.severity.rawValue, sentence: result.evidence.first ?? "",
                    remedy: result.remedy)
            },
            waived: Dictionary(checks.compactMap { check in check.waived.map { (check.id, $0) } }) { first, _ in first }
        )
    }
}
