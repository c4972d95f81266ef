// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import SQLStorage
import StoragePrimitives

extension Inventory {
    /// Every server, by name, without its heartbeat.
    func servers(_ board: HeartbeatBoard, heartbeatSeconds: UInt64, now: Timestamp) async throws -> ServerList {
        let reports = try await reports(board, heartbeatSeconds: heartbeatSeconds, now: now)
        return ServerList(
            servers: reports.map { report in
                var report = report
                report.heartbeat = nil
                return report
            })
    }

    /// Every server, by name, with its last heartbeat.
    func reports(_ board: HeartbeatBoard, heartbeatSeconds: UInt64, now: Timestamp) async throws -> [ServerReport] {
        let rows = try await database.read { database in
            try database.rows("SELECT * FROM server ORDER BY host_name, host_id").map { try ServerRow($0) }
        }
        return try rows.map { row in
            try row.report(board.last(of: row.hostID), heartbeatSeconds: heartbeatSeconds, now: now)
        }
    }

    /// One server, with its last heartbeat.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound`.
    func report(
        _ hostID: String, _ board: HeartbeatBoard, heartbeatSeconds: UInt64, now: Timestamp
    ) async throws -> ServerReport {
        guard let row = try await database.read({ try ServerRow.find(hostID, $0) }) else {
            throw ConfigurationFailure.noServer(hostID)
        }
        return try row.report(board.last(of: hostID), heartbeatSeconds: heartbeatSeconds, now: now)
    }

    /// Heartbeats that are written in one transaction: more would be in the way of others for longer.
    private static let page = 256

    /// Writes heartbeats. One that came later to another server of the site stays.
    func write(_ beats: [String: HeartbeatBoard.Beat]) async throws {
        guard !beats.isEmpty else { return }
        // In one order, so that servers of a site do not wait for each other in a circle.
        var rest = beats.sorted { $0.key < $1.key }[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.page)
            rest = rest.dropFirst(Self.page)
            try await database.write { database in
                for (hostID, beat) in some {
                    try database.run(
                        """
                        UPDATE server SET host_name = \(beat.heartbeat.hostName), version = \(beat.heartbeat.version),
                            address = \(beat.address), last_seen = \(beat.moment.rawValue),
                            heartbeat = \(beat.text)
                        WHERE host_id = \(hostID) AND revoked IS NULL
                            AND (last_seen IS NULL OR last_seen <= \(beat.moment.rawValue))
                        """)
                }
            }
        }
    }
}

extension ServerRow {
    /// - Parameter beat: A heartbeat that may not have been written yet.
    func report(_ beat: HeartbeatBoard.Beat?, heartbeatSeconds: UInt64, now: Timestamp) throws -> ServerReport {
        // One of before the enrolment is of another life; a later one may have come to another server of the site.
        let beat = beat.flatMap { $0.moment.rawValue >= max(enrolled, self.lastSeen ?? .min) ? $0 : nil }
        let written = try heartbeat.map { try JSON.decode(HeartbeatRequest.self, from: Array($0.utf8)) }
        let heartbeat = beat?.heartbeat ?? written
        let lastSeen = beat?.moment ?? lastSeen.map { Timestamp(rawValue: $0) }
        guard let role = HostRole(rawValue: role) else {
            throw ConfigurationFailure(
                .internalFailure, "The inventory has \(hostID) with the role \"\(self.role)\", which is none.",
                remedy: "Restore the server from a backup.")
        }
        var report = ServerReport(
            hostID: hostID, role: role, hostName: heartbeat?.hostName ?? hostName,
            version: heartbeat?.version ?? version, state: state(lastSeen, heartbeatSeconds, now),
            enrolled: DateTime(Timestamp(rawValue: enrolled)), serial: serial,
            certificateExpires: DateTime(Timestamp(rawValue: expires)), machine: machine,
            address: beat?.address ?? address)
        report.lastSeen = lastSeen.map { DateTime($0) }
        report.heartbeat = heartbeat
        report.health = heartbeat?.health?.severity
        report.groupCount = heartbeat?.groups.count ?? 0
        report.worstRPOSeconds = heartbeat?.groups.compactMap(\.rpoSeconds).max()
        report.clone = clone
        return report
    }

    private func state(_ lastSeen: Timestamp?, _ heartbeatSeconds: UInt64, _ now: Timestamp) -> ServerState {
        if revoked != nil { return .revoked }
        guard let lastSeen else { return .awaited }
        let age = now.nanoseconds(since: lastSeen)
        return age <= Int64(heartbeatSeconds) * 3 * 1_000_000_000 ? .online : .lost
    }
}
