// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import PrometheusText
import StoragePrimitives

/// What the site's metrics are made of, at one moment.
struct SiteFigures: Sendable {
    var servers: [ServerReport] = []
    var groups: [SiteGroupReport] = []
    /// The last job of each group.
    var jobs: [SiteJobReport] = []

    var families: [MetricFamily] { counts + ofServers + ofGroups + ofJobs }

    private static let roles: [HostRole] = [.masterTarget, .processServer]

    private var counts: [MetricFamily] {
        [
            MetricFamily(
                .gauge, "mastertarget_site_servers", "Servers, by role and by whether they are heard of.",
                Self.roles.flatMap { role in
                    ServerState.allCases.map { state in
                        .init(
                            servers.count { $0.role == role && $0.state == state },
                            ["role": role.rawValue, "state": state.rawValue])
                    }
                }),
            MetricFamily(
                .gauge, "mastertarget_site_groups", "Groups, by the state that their master targets tell of.",
                (GroupState.allCases.map(\.rawValue) + ["unplaced"]).map { state in
                    .init(groups.count { Self.state($0) == state }, ["state": state])
                }),
            MetricFamily(
                .gauge, "mastertarget_site_jobs", "The last job of each group, by where it is.",
                SiteJobReport.State.allCases.map { state in
                    .init(jobs.count { $0.state == state }, ["state": state.rawValue])
                }),
        ]
    }

    private static func state(_ group: SiteGroupReport) -> String { group.report?.state.rawValue ?? "unplaced" }

    // MARK: Servers

    /// Servers that were taken back are of no concern any more.
    private func server(
        _ name: String, _ help: String, _ value: (ServerReport) -> Double?
    ) -> MetricFamily {
        MetricFamily(
            .gauge, "mastertarget_site_server_\(name)", help,
            servers.filter { $0.state != .revoked }.compactMap { server in
                value(server).map {
                    .init($0, ["host": server.hostName, "host_id": server.hostID, "role": server.role.rawValue])
                }
            })
    }

    private var ofServers: [MetricFamily] {
        [
            server("online", "Whether a server is heard of; one that was enrolled and never heard of is not.") {
                $0.state == .online ? 1 : 0
            },
            server("last_seen_timestamp_seconds", "When a server was heard of last.") {
                $0.lastSeen.map { Double($0.timestamp.rawValue) / 1e9 }
            },
            server("certificate_expiry_timestamp_seconds", "When a server's certificate expires.") {
                Double($0.certificateExpires.timestamp.rawValue) / 1e9
            },
            server("health_severity", "The worst of a server's health: 0 ok, 1 warning, 2 critical, 3 unknown.") {
                $0.health.map { ["ok": 0, "warning": 1, "critical": 2][$0] ?? 3 }
            },
            server("clone", "Whether another machine came with the server's id.") { $0.clone == nil ? 0 : 1 },
        ]
    }

    // MARK: Groups

    private func group(
        _ name: String, _ help: String, _ value: (SiteGroupReport) -> Double?
    ) -> MetricFamily {
        MetricFamily(
            .gauge, "mastertarget_site_group_\(name)", help,
            groups.compactMap { group in
                value(group).map {
                    .init($0, ["group": group.group.name, "master_target": group.masterTargetName ?? ""])
                }
            })
    }

    private var ofGroups: [MetricFamily] {
        [
            group("rpo_seconds", "The age of the newest durable change; silence of the master target makes it grow.") {
                $0.rpoSeconds.map { Double($0) }
            },
            group("rpo_threshold_seconds", "The RPO beyond which the group's policy wants an event.") {
                Double(
                    ($0.placement?.direction == .forward ? $0.policy.forward : $0.policy.failback).rpoThresholdSeconds)
            },
            group("beyond_rpo", "Whether the RPO is beyond its threshold.") { $0.isBeyondRPO ? 1 : 0 },
            group("placed", "Whether the group is replicated.") { $0.placement == nil ? 0 : 1 },
        ]
    }

    // MARK: Jobs

    private var ofJobs: [MetricFamily] {
        [
            MetricFamily(
                .gauge, "mastertarget_site_group_job_failed",
                "Whether the last job of a group failed, by what it was to do; it can be retried.",
                jobs.map {
                    .init($0.state == .failed, ["group": $0.group, "operation": $0.operation.kind.rawValue])
                })
        ]
    }
}

extension SiteDesk {
    /// Reads the whole inventory, once.
    func figures() async throws -> SiteFigures {
        let servers = try await knownServers()
        let groups = try await site(servers).map { state, view in
            SiteGroupReport(
                state.record, view, job: state.workingJob?.report,
                claims: claims.findings(state.record.group.name, view))
        }
        let jobs = try await read { try $0.lastJobs().map(\.report) }
        return SiteFigures(servers: servers, groups: groups, jobs: jobs)
    }
}
