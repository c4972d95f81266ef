// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import SQLStorage
import StoragePrimitives

extension SiteStore {
    func unfinishedJob(of group: String) throws -> SiteJob? {
        try transaction.rows("SELECT payload FROM job WHERE group_name = \(group) AND ended IS NULL").first.map {
            try Self.decode($0.text("payload"))
        }
    }

    func job(_ id: String) throws -> SiteJob? {
        guard HostText.isHostID(id) else { return nil }
        return try transaction.rows("SELECT payload FROM job WHERE id = \(id)").first.map {
            try Self.decode($0.text("payload"))
        }
    }

    /// The newest job of each group.
    func lastJobs() throws -> [SiteJob] {
        try transaction.rows(
            "SELECT payload FROM job WHERE number IN (SELECT MAX(number) FROM job GROUP BY group_name) ORDER BY number"
        ).map { try Self.decode($0.text("payload")) }
    }

    /// The newest first, of one group or of all; at most ``maximumListed``.
    func jobs(of group: String?) throws -> [SiteJob] {
        if let group, !CreateGroupRequest.isPermittedName(group) { return [] }
        let rows =
            if let group {
                try transaction.rows(
                    """
                    SELECT payload FROM job WHERE group_name = \(group) ORDER BY number DESC LIMIT \(Self.maximumListed)
                    """)
            } else {
                try transaction.rows("SELECT payload FROM job ORDER BY number DESC LIMIT \(Self.maximumListed)")
            }
        return try rows.map { try Self.decode($0.text("payload")) }
    }

    func isLast(_ job: SiteJob) throws -> Bool {
        try transaction.rows(
            "SELECT id FROM job WHERE group_name = \(job.report.group) ORDER BY number DESC LIMIT 1"
        ).first?.text("id") == job.report.id
    }

    /// Groups that a job works on.
    func groupsWithJobs() throws -> [String] {
        try transaction.rows("SELECT group_name FROM job WHERE ended IS NULL ORDER BY group_name").map {
            try $0.text("group_name")
        }
    }

    /// - Throws: ``SQLFailure`` with `.uniqueViolation` when another job works on the group.
    func insert(_ job: SiteJob) throws {
        let next =
            try (transaction.rows("SELECT COALESCE(MAX(number), 0) AS newest FROM job").first?.integer("newest") ?? 0)
            + 1
        let report = job.report
        try transaction.run(
            """
            INSERT INTO job (id, number, group_name, ended, task_id, payload)
            VALUES (
                \(report.id), \(next), \(report.group), \(report.ended?.timestamp.rawValue), \(job.task?.id),
                \(try Self.encode(job))
            )
            """)
        try transaction.run(
            """
            DELETE FROM job WHERE group_name = \(report.group) AND ended IS NOT NULL AND number NOT IN (
                SELECT number FROM job WHERE group_name = \(report.group) ORDER BY number DESC LIMIT \(Self.maximumJobs)
            )
            """)
    }

    func update(_ job: SiteJob) throws {
        try transaction.run(
            """
            UPDATE job SET ended = \(job.report.ended?.timestamp.rawValue), task_id = \(job.task?.id),
                payload = \(try Self.encode(job))
            WHERE id = \(job.report.id)
            """)
    }

    /// Groups that are replicated, or that a job works on.
    func placedGroups() throws -> [String] {
        try transaction.rows(
            """
            SELECT name FROM site_group
            WHERE master_target IS NOT NULL OR name IN (SELECT group_name FROM job WHERE ended IS NULL) ORDER BY name
            """
        ).map { try $0.text("name") }
    }

    /// Of these tasks those that other master targets have: the groups they are of.
    func groups(ofTasks ids: some Sequence<String>) throws -> [String] {
        try ids.filter(HostText.isHostID).compactMap { id in
            try transaction.rows("SELECT group_name FROM job WHERE task_id = \(id)").first?.text("group_name")
        }
    }

    // MARK: Questions

    func ask(_ task: SiteTask, of masterTarget: String, now: Timestamp) throws {
        let past = now.advanced(byNanoseconds: -60_000_000_000).rawValue
        try transaction.run("DELETE FROM question WHERE asked < \(past)")
        try transaction.run(
            """
            INSERT INTO question (id, master_target, asked, payload)
            VALUES (\(task.id), \(masterTarget), \(now.rawValue), \(try Self.encode(task)))
            """)
    }

    /// What a master target is asked and has not answered.
    func questions(to masterTarget: String) throws -> [SiteTask] {
        try transaction.rows(
            "SELECT payload FROM question WHERE master_target = \(masterTarget) AND answer IS NULL ORDER BY id"
        ).map { try Self.decode($0.text("payload")) }
    }

    func answer(_ report: SiteTaskReport, of masterTarget: String) throws {
        try transaction.run(
            """
            UPDATE question SET answer = \(try Self.encode(report))
            WHERE id = \(report.id) AND master_target = \(masterTarget) AND answer IS NULL
            """)
    }

    func answer(to id: String) throws -> SiteTaskReport? {
        try transaction.rows("SELECT answer FROM question WHERE id = \(id)").first?.optionalText("answer").map {
            try Self.decode($0)
        }
    }

    func forget(question id: String) throws { try transaction.run("DELETE FROM question WHERE id = \(id)") }
}
