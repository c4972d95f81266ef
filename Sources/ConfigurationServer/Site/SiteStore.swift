// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import SQLStorage
import StoragePrimitives

/// The site's tables inside a transaction.
struct SiteStore {
    let transaction: any SQLTransaction

    /// The most policies, machines and groups of each.
    static let maximumOfEach = 10_000
    /// The most jobs that are kept of a group; the oldest go first.
    static let maximumJobs = 1000
    /// The most jobs that are listed at once.
    static let maximumListed = 1000

    init(_ transaction: any SQLTransaction) { self.transaction = transaction }

    private func values<Value: Decodable>(_ rows: [SQLRow]) throws -> [Value] {
        try rows.map { try Self.decode($0.text("payload")) }
    }

    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try JSON.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ text: String) throws -> Value {
        do {
            return try JSON.decode(Value.self, from: Array(text.utf8))
        } catch {
            throw ConfigurationFailure(
                .internalFailure, "The database has a \(Value.self) that cannot be read.",
                remedy: "Install the version that wrote it, or restore the server from a backup.")
        }
    }

    // MARK: Policies

    /// By name, the default one in any case.
    func policies() throws -> [SitePolicy] {
        let stored: [SitePolicy] = try values(transaction.rows("SELECT payload FROM policy ORDER BY name"))
        if stored.contains(where: { $0.name == SitePolicy.defaultName }) { return stored }
        return (stored + [SitePolicy(name: SitePolicy.defaultName)]).sorted {
            $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        }
    }

    func policy(_ name: String) throws -> SitePolicy? {
        guard CreateGroupRequest.isPermittedName(name) else { return nil }
        let stored: [SitePolicy] = try values(transaction.rows("SELECT payload FROM policy WHERE name = \(name)"))
        return stored.first ?? (name == SitePolicy.defaultName ? SitePolicy(name: name) : nil)
    }

    func save(_ policy: SitePolicy) throws {
        try refuseMore("policy", policy.name)
        try transaction.run(
            """
            INSERT INTO policy (name, payload) VALUES (\(policy.name), \(try Self.encode(policy)))
            ON CONFLICT (name) DO UPDATE SET payload = excluded.payload
            """)
    }

    func delete(policy name: String) throws { try transaction.run("DELETE FROM policy WHERE name = \(name)") }

    // MARK: Machines

    func machines() throws -> [SiteMachine] {
        try values(transaction.rows("SELECT payload FROM machine ORDER BY name"))
    }

    func machine(_ name: String) throws -> (machine: SiteMachine, group: String?)? {
        guard CreateGroupRequest.isPermittedName(name) else { return nil }
        return try transaction.rows("SELECT payload, group_name FROM machine WHERE name = \(name)").first.map {
            (try Self.decode($0.text("payload")), try $0.optionalText("group_name"))
        }
    }

    func machines(of group: SiteGroup) throws -> [SiteMachine] {
        let found: [SiteMachine] = try values(
            transaction.rows("SELECT payload FROM machine WHERE group_name = \(group.name)"))
        return group.machines.compactMap { name in found.first { $0.name == name } }
    }

    func save(_ machine: SiteMachine) throws {
        try refuseMore("machine", machine.name)
        try transaction.run(
            """
            INSERT INTO machine (name, payload) VALUES (\(machine.name), \(try Self.encode(machine)))
            ON CONFLICT (name) DO UPDATE SET payload = excluded.payload
            """)
    }

    func delete(machine name: String) throws { try transaction.run("DELETE FROM machine WHERE name = \(name)") }

    // MARK: Groups

    /// All groups, by name, each with the job that works on it.
    func groups() throws -> [StoredGroup] {
        let jobs: [SiteJob] = try values(transaction.rows("SELECT payload FROM job WHERE ended IS NULL"))
        let records: [GroupRecord] = try values(transaction.rows("SELECT payload FROM site_group ORDER BY name"))
        let byGroup = Dictionary(jobs.map { ($0.report.group, $0) }, uniquingKeysWith: { first, _ in first })
        return records.map { StoredGroup($0, byGroup[$0.group.name]) }
    }

    /// Groups that are placed on a server.
    func groups(on hostID: String) throws -> [StoredGroup] {
        let records: [GroupRecord] = try values(
            transaction.rows(
                """
                SELECT payload FROM site_group WHERE master_target = \(hostID) OR process_server = \(hostID) ORDER BY name
                """))
        return try records.map { StoredGroup($0, try unfinishedJob(of: $0.group.name)) }
    }

    func group(_ name: String) throws -> StoredGroup? {
        guard CreateGroupRequest.isPermittedName(name) else { return nil }
        let records: [GroupRecord] = try values(transaction.rows("SELECT payload FROM site_group WHERE name = \(name)"))
        return try records.first.map { StoredGroup($0, try unfinishedJob(of: name)) }
    }

    func groups(withPolicy name: String) throws -> [String] {
        try transaction.rows("SELECT name FROM site_group WHERE policy = \(name) ORDER BY name").map {
            try $0.text("name")
        }
    }

    func save(_ record: GroupRecord) throws {
        let group = record.group
        try refuseMore("site_group", group.name)
        try transaction.run(
            """
            INSERT INTO site_group (name, policy, master_target, process_server, payload)
            VALUES (
                \(group.name), \(group.policy ?? SitePolicy.defaultName), \(record.placement?.masterTarget),
                \(record.placement?.processServer), \(try Self.encode(record))
            )
            ON CONFLICT (name) DO UPDATE SET policy = excluded.policy, master_target = excluded.master_target,
                process_server = excluded.process_server, payload = excluded.payload
            """)
    }

    /// Makes these machines, and no others, the group's.
    func claimMachines(_ group: SiteGroup) throws {
        try transaction.run("UPDATE machine SET group_name = NULL WHERE group_name = \(group.name)")
        for name in group.machines {
            try transaction.run("UPDATE machine SET group_name = \(group.name) WHERE name = \(name)")
        }
    }

    func delete(group name: String) throws {
        try transaction.run("UPDATE machine SET group_name = NULL WHERE group_name = \(name)")
        try transaction.run("DELETE FROM site_group WHERE name = \(name)")
    }

    // MARK: What servers are told

    /// Notes for whom orders changed, so that every instance hears of it.
    func announce(_ hosts: some Sequence<String>) throws {
        for host in Set(hosts).sorted() {
            let next =
                try
                (transaction.rows("SELECT COALESCE(MAX(revision), 0) AS newest FROM order_revision").first?
                .integer("newest") ?? 0) + 1
            try transaction.run(
                """
                INSERT INTO order_revision (host_id, revision) VALUES (\(host), \(next))
                ON CONFLICT (host_id) DO UPDATE SET revision = excluded.revision
                """)
        }
    }

    /// For whom orders changed after a revision, and the newest.
    func announced(after revision: Int64) throws -> (hosts: [String], newest: Int64) {
        let rows = try transaction.rows(
            "SELECT host_id, revision FROM order_revision WHERE revision > \(revision) ORDER BY revision")
        return (try rows.map { try $0.text("host_id") }, try rows.last?.integer("revision") ?? revision)
    }

    private func refuseMore(_ table: String, _ name: String) throws {
        guard try transaction.rows("SELECT name FROM \(raw: table) WHERE name = \(name)").isEmpty else { return }
        let count = try transaction.rows("SELECT COUNT(*) AS count FROM \(raw: table)").first?.integer("count") ?? 0
        guard count < Self.maximumOfEach else {
            throw ConfigurationFailure(
                .conflict, "There are \(count) of them already.", remedy: "Delete what is not used any more.")
        }
    }
}
