// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import GRDB
import StoragePrimitives

extension Inventory {
    /// Every server, by name, without its heartbeat.
    func servers(_ board: HeartbeatBoard, heartbeatSeconds: UInt64, now: Timestamp) async throws -> ServerList {
        let rows = try await pool.read { try ServerRow.order(Column("hostName"), Column("hostID")).fetchAll($0) }
        let reports = try rows.map { row in
            var report = try row.report(board.last(of: row.hostID), heartbeatSeconds: heartbeatSeconds, now: now)
            report.heartbeat = nil
            return report
        }
        return ServerList(servers: reports)
    }

    /// One server, with its last heartbeat.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound`.
    func report(
        _ hostID: String, _ board: HeartbeatBoard, heartbeatSeconds: UInt64, now: Timestamp
    ) async throws -> ServerReport {
        guard let row = try await pool.read({ try ServerRow.fetchOne($0, key: hostID) }) else {
            throw ConfigurationFailure.noServer(hostID)
        }
        return try row.report(board.last(of: hostID), heartbeatSeconds: heartbeatSeconds, now: now)
    }

    /// Writes heartbeats, all in one transaction.
    func write(_ beats: [String: HeartbeatBoard.Beat]) async throws {
        guard !beats.isEmpty else { return }
        let texts = try beats.mapValues { String(decoding: try JSON.encode($0.heartbeat), as: UTF8.self) }
        try await pool.write { database in
            for (hostID, beat) in beats {
                try database.execute(
                    sql: """
                        UPDATE server SET hostName = ?, version = ?, address = ?, lastSeen = ?, heartbeat = ?
                        WHERE hostID = ? AND revoked IS NULL
                        """,
                    arguments: [
                        beat.heartbeat.hostName, beat.heartbeat.version, beat.address, beat.moment.rawValue,
                        texts[hostID], hostID,
                    ])
            }
        }
    }
}

extension ServerRow {
    /// - Parameter beat: A heartbeat that may not have been written yet.
    func report(_ beat: HeartbeatBoard.Beat?, heartbeatSeconds: UInt64, now: Timestamp) throws -> ServerReport {
        // One of before the enrolment is of another life.
        let beat = beat.flatMap { $0.moment.rawValue >= enrolled ? $0 : nil }
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
