// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import PrometheusText
import StoragePrimitives

extension AgentMetrics {
    /// Jobs: those under way, and how the others ended.
    var work: [MetricFamily] {
        let open = jobs.filter { !$0.state.isFinal }
        var ends: [[String]: Timestamp] = [:]
        for job in jobs where job.state.isFinal {
            guard let ended = job.ended else { continue }
            let key = [job.group ?? "", job.kind.rawValue, job.state.rawValue]
            ends[key] = max(ends[key] ?? ended.timestamp, ended.timestamp)
        }
        return [
            MetricFamily(
                .gauge, "mastertarget_jobs", "Jobs that wait or run, by kind.",
                JobReport.Kind.allCases.flatMap { kind in
                    [JobReport.State.queued, .running].map { state in
                        .init(
                            open.count { $0.kind == kind && $0.state == state },
                            ["kind": kind.rawValue, "state": state.rawValue])
                    }
                }),
            MetricFamily(
                .counter, "mastertarget_jobs_ended_total", "Jobs that ended, by kind and how.",
                JobReport.Kind.allCases.flatMap { kind in
                    [JobReport.State.done, .failed].map { state in
                        .init(endings.count(kind, state), ["kind": kind.rawValue, "state": state.rawValue])
                    }
                }),
            MetricFamily(
                .gauge, "mastertarget_job_last_end_timestamp_seconds",
                "When a job of the kind on the group ended last in that way; of the jobs that are kept.",
                ends.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, moment in
                    .init(Self.seconds(moment), ["group": key[0], "kind": key[1], "state": key[2]])
                }),
            MetricFamily(
                .gauge, "mastertarget_job_progress_ratio", "How much of a running job is done, 0 to 1.",
                open.compactMap { job in
                    guard let total = job.totalBytes, total > .zero else { return nil }
                    return .init(
                        min(1, Double(job.doneBytes.rawValue) / Double(total.rawValue)),
                        ["group": job.group ?? "", "kind": job.kind.rawValue])
                }),
        ]
    }
}

/// Jobs that ended since the process started.
struct JobEndings: Sendable {
    private var counts: [String: UInt64] = [:]

    mutating func count(_ report: JobReport) { counts[Self.key(report.kind, report.state), default: 0] += 1 }

    func count(_ kind: JobReport.Kind, _ state: JobReport.State) -> UInt64 { counts[Self.key(kind, state)] ?? 0 }

    private static func key(_ kind: JobReport.Kind, _ state: JobReport.State) -> String {
        "\(kind.rawValue) \(state.rawValue)"
    }
}
