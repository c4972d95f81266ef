// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HealthChecks
import PrometheusText
import ReplicationReceiver
import RetentionStore
import StoragePrimitives

/// The appliance itself as metrics: its listeners, its retention volume, its disks' paths, its certificates, its
/// registration, its jobs, its health.
struct AgentMetrics {
    /// Listeners that are enabled, by name.
    var listeners: [(name: String, report: ListenerReport)] = []
    var receiver = ReceiverStatus()
    var samples = MetricsSamples()
    var registration: RegistrationReport?
    var jobs: [JobReport] = []
    var endings = JobEndings()
    var health: HealthSummary?
    var previews = 0
    var memoryCeiling = ByteCount.zero

    var families: [MetricFamily] {
        replication + syncs + volume + multipath + certificates + site + work + wellness + freshness
    }

    static func seconds(_ moment: Timestamp) -> Double { Double(moment.rawValue) / 1e9 }

    private static func one(
        _ kind: MetricFamily.Kind, _ name: String, _ help: String, _ value: Double?
    ) -> MetricFamily {
        MetricFamily(kind, "mastertarget_\(name)", help, [value].compactMap { $0 }.map { .init($0) })
    }

    private var replication: [MetricFamily] {
        [
            MetricFamily(
                .gauge, "mastertarget_listener_up", "Whether a listener that is enabled takes connections.",
                listeners.map { .init($0.report.isListening, ["listener": $0.name]) }),
            Self.one(
                .gauge, "replication_connections", "Connections of process servers that are open.",
                Double(receiver.connections)),
            Self.one(
                .gauge, "replication_sessions", "Sessions that are open; each feeds a group.",
                Double(receiver.sessions.count)),
            Self.one(
                .counter, "replication_sessions_total", "Sessions that were opened.", Double(receiver.openedSessions)),
            Self.one(
                .counter, "replication_refusals_total", "Connections and process servers that were refused.",
                Double(receiver.refusals)),
            Self.one(
                .counter, "replication_network_bytes_total", "Bytes that came from process servers, as they travel.",
                Double(receiver.totals.receivedBytes.rawValue)),
            Self.one(
                .counter, "replication_data_bytes_total", "Bytes of data that came from process servers, decompressed.",
                Double(receiver.totals.dataBytes.rawValue)),
            Self.one(
                .gauge, "memory_ceiling_bytes", "What the data path of the agent may hold in memory.",
                Double(memoryCeiling.rawValue)),
            Self.one(.gauge, "previews", "Previews that are served.", Double(previews)),
        ]
    }

    private var syncs: [MetricFamily] {
        [
            .histogram(
                "mastertarget_sync_seconds",
                "How long fdatasync took: of the journal, of before-images, of the target disks.",
                [
                    .init(SyncLatency.journal.histogram, ["object": "journal"]),
                    .init(SyncLatency.beforeImages.histogram, ["object": "before_images"]),
                    .init(SyncLatency.target.histogram, ["object": "target"]),
                ])
        ]
    }

    private var volume: [MetricFamily] {
        let volume = samples.volume?.value
        return [
            Self.one(
                .gauge, "retention_volume_usable", "Whether history can be written to the retention volume.",
                volume.map { $0.report.isUsable ? 1 : 0 }),
            Self.one(
                .gauge, "retention_volume_size_bytes", "Bytes of the retention volume.",
                volume?.size.map { Double($0.rawValue) }),
            Self.one(
                .gauge, "retention_volume_free_bytes", "Bytes of the retention volume that are free.",
                volume?.report.freeBytes.map { Double($0.rawValue) }),
        ]
    }

    private var multipath: [MetricFamily] {
        let multipath = samples.multipath?.value
        let maps = multipath?.maps ?? []
        return [
            Self.one(.gauge, "multipath_up", "Whether multipathd answers.", multipath.map { $0.isRunning ? 1 : 0 }),
            MetricFamily(
                .gauge, "mastertarget_multipath_paths", "Paths of a multipath map, by whether they carry I/O.",
                maps.flatMap { map -> [MetricFamily.Sample] in
                    [
                        .init(map.up, ["map": map.name, "wwid": map.wwid, "state": "up"]),
                        .init(map.paths - map.up, ["map": map.name, "wwid": map.wwid, "state": "down"]),
                    ]
                }),
            MetricFamily(
                .counter, "mastertarget_multipath_path_faults_total",
                "How often a path of a map failed since multipathd started.",
                maps.map { .init($0.faults, ["map": $0.name, "wwid": $0.wwid]) }),
        ]
    }

    private var certificates: [MetricFamily] {
        let known = samples.certificates?.value ?? [:]
        return [
            MetricFamily(
                .gauge, "mastertarget_certificate_expiry_timestamp_seconds", "When a certificate of this host expires.",
                known.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    .init(Self.seconds($0.value), ["certificate": $0.key.rawValue])
                })
        ]
    }

    private var site: [MetricFamily] {
        [
            Self.one(
                .gauge, "registered", "Whether the appliance is registered with a configuration server.",
                registration == nil ? 0 : 1),
            Self.one(
                .gauge, "registration_reachable", "Whether the configuration server answers heartbeats.",
                registration.map { $0.lastAnswer != nil && $0.problem == nil ? 1 : 0 }),
            Self.one(
                .gauge, "registration_revoked", "Whether the appliance's certificate was taken back.",
                registration.map { $0.isRevoked ? 1 : 0 }),
            Self.one(
                .gauge, "registration_last_answer_timestamp_seconds", "When a heartbeat was answered last.",
                registration?.lastAnswer.map { Self.seconds($0.timestamp) }),
            Self.one(
                .gauge, "registration_round_trip_seconds", "How long the answer to the last heartbeat took.",
                registration?.roundTripMilliseconds.map { Double($0) / 1e3 }),
            Self.one(
                .gauge, "registration_clock_ahead_seconds",
                "How far this clock is ahead of the configuration server's.",
                registration?.clockAheadMilliseconds.map { Double($0) / 1e3 }),
        ]
    }

    private var wellness: [MetricFamily] {
        let failing = Dictionary((health?.failing ?? []).map { ($0.check, $0.severity) }) { first, _ in first }
        let ids = health == nil ? [] : HealthCheck.catalogue.map(\.id)
        func severity(_ id: String) -> Severity { failing[id].map { Severity(rawValue: $0) ?? .unknown } ?? .ok }
        return [
            MetricFamily(
                .gauge, "mastertarget_health_check_severity",
                "What a health check found, as mtctl health ends: 0 ok, 1 warning, 2 critical, 3 unknown.",
                ids.filter { health?.waived[$0] == nil }.map { .init(severity($0).exitCode, ["check": $0]) }),
            MetricFamily(
                .gauge, "mastertarget_health_check_waived", "Whether a health check does not count.",
                ids.map { .init(health?.waived[$0] != nil, ["check": $0]) }),
            Self.one(
                .gauge, "health_last_look_timestamp_seconds", "When the health checks ran last.",
                health.map { Self.seconds($0.moment.timestamp) }),
        ]
    }

    private var freshness: [MetricFamily] {
        let moments = [
            ("volume", samples.volume?.moment), ("multipath", samples.multipath?.moment),
            ("certificates", samples.certificates?.moment),
        ]
        return [
            MetricFamily(
                .gauge, "mastertarget_sample_timestamp_seconds",
                "When what takes its time to find out was last looked at; a disk that hangs shows here.",
                moments.compactMap { name, moment in moment.map { .init(Self.seconds($0), ["sample": name]) } })
        ]
    }
}
