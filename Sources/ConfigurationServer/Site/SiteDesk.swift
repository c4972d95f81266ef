// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import FoundationEssentials
import Logging
import SQLStorage
import StoragePrimitives

/// The site's operations over the database: what operators want goes in, what servers are told comes out.
///
/// Every change of a group is one serializable transaction: the group and its job are read, a value is made of them, and
/// both are written together with the note that orders changed. Nothing that a server is told exists outside the database.
package final class SiteDesk: Sendable {
    let database: any SQLDatabase
    let directory: any ServerDirectory
    let clock: any WallClock
    let logger: Logger
    let signals = OrderSignals()
    let claims = ForeignClaims()
    let questions = OpenQuestions()

    package init(
        _ database: any SQLDatabase, directory: any ServerDirectory, clock: any WallClock, logger: Logger
    ) {
        self.database = database
        self.directory = directory
        self.clock = clock
        self.logger = logger
    }

    static func makeID() -> String { UUID().uuidString.lowercased() }

    func read<Value: Sendable>(_ work: @escaping @Sendable (SiteStore) throws -> Value) async throws -> Value {
        try await sentences { try await self.database.read { try work(SiteStore($0)) } }
    }

    func write<Value: Sendable>(_ work: @escaping @Sendable (SiteStore) throws -> Value) async throws -> Value {
        try await sentences { try await self.database.write { try work(SiteStore($0)) } }
    }

    /// Every server, with its last heartbeat.
    func knownServers() async throws -> [ServerReport] { try await sentences { try await self.directory.servers() } }

    /// What the database did not do, in words for whoever asked; its own words are for the log.
    private func sentences<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let failure as SQLFailure {
            logger.error("The database did not do something.", metadata: ["reason": "\(failure)"])
            throw ConfigurationFailure(failure)
        }
    }

    /// Changes a group and its job, and lets those know whose orders change with it.
    ///
    /// - Parameters:
    ///   - servers: What is known of servers, when it was just read.
    ///   - choosing: Whether servers or targets are chosen, for which other groups have to be looked at.
    func change<Value: Sendable>(
        _ name: String, servers: [ServerReport]? = nil, choosing: Bool = false,
        _ work: @escaping @Sendable (inout StoredGroup, SiteView, SiteStore) throws -> Value
    ) async throws -> Value {
        var known = servers ?? []
        if servers == nil { known = try await knownServers() }
        let (all, now) = (known, DateTime(clock.now()))
        let (value, hosts) = try await write { store in
            guard let before = try store.group(name) else { throw ConfigurationFailure.none("group", name) }
            var after = before
            let view = try store.view(of: before.record, all, now, choosing: choosing)
            let value = try work(&after, view, store)
            return (value, try store.keep(after, insteadOf: before))
        }
        signals.changed(hosts)
        return value
    }
}

extension SiteStore {
    /// All that decisions about a group are made of.
    func view(
        of record: GroupRecord, _ servers: [ServerReport], _ now: DateTime, choosing: Bool = false
    ) throws -> SiteView {
        let policy = record.group.policy ?? SitePolicy.defaultName
        var view = SiteView(
            now: now, policy: try self.policy(policy) ?? SitePolicy(name: policy),
            machines: try machines(of: record.group),
            servers: servers)
        guard choosing else { return view }
        for other in try groups() {
            view.placements[other.record.group.name] = other.record.placement
            guard !other.record.onSite.isEmpty else { continue }
            let place = other.record.former.first { $0.direction == .failback }
            view.accepted[other.record.group.name] = SitePlacement(
                direction: .failback, masterTarget: place?.masterTarget ?? "",
                processServer: place?.processServer ?? "",
                fencingToken: 0, targets: other.record.onSite)
        }
        return view
    }

    /// Writes what changed.
    ///
    /// - Returns: The servers that are told something else now.
    func keep(_ after: StoredGroup, insteadOf before: StoredGroup) throws -> [String] {
        if after.record != before.record { try save(after.record) }
        if before.record.placement?.direction == .failback, after.record.placement == nil,
            after.record.committed == .failback
        {
            // They run on site from now on: that they were off was said before.
            for var machine in try machines(of: after.record.group) where machine.facts?.isPoweredOff != nil {
                machine.facts?.isPoweredOff = nil
                try save(machine)
            }
        }
        if let job = after.job, job != before.job {
            if try self.job(job.report.id) == nil { try insert(job) } else { try update(job) }
        }
        let (old, new) = (before.told, after.told)
        let hosts = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }
        try announce(hosts)
        return hosts.sorted()
    }
}

extension ConfigurationFailure {
    static func none(_ what: String, _ name: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .notFound, "There is no \(what) \"\(SiteText.clipped(name).prefix(64))\".", remedy: "Check the spelling.")
    }

    /// What the database did not do.
    init(_ failure: SQLFailure) {
        switch failure.kind {
        case .unavailable:
            self.init(.unavailable, "The server's database cannot be used now.", remedy: "Try again in a minute.")
        case .outcomeUnknown:
            self.init(
                .unavailable, "The server's database was lost while the change was written: it may have been made.",
                remedy: "Look whether it was, and try again if not.")
        case .unstorable: self.init(.invalidRequest, failure.sentence, remedy: "Correct the request.")
        case .uniqueViolation, .foreignKey:
            self.init(.conflict, "Somebody else changed it at the same time.", remedy: "Look at it, and try again.")
        case .newerSchema:
            self.init(.unsupportedVersion, failure.sentence, remedy: "Install that version.")
        case .other:
            self.init(
                .internalFailure, "The server failed.",
                remedy: "Look at its journal: journalctl -u mt-configuration-server.")
        }
    }
}
