// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import SQLStorage

/// The site's tables. What is searched has a column; the rest is JSON.
package enum SiteTables {
    static let migrations = [
        Migration(
            name: "site 1: policies, machines, groups, jobs",
            statements: [
                "CREATE TABLE policy (name TEXT NOT NULL PRIMARY KEY, payload TEXT NOT NULL)",
                """
                CREATE TABLE site_group (
                    name TEXT NOT NULL PRIMARY KEY,
                    policy TEXT NOT NULL,
                    master_target TEXT,
                    process_server TEXT,
                    payload TEXT NOT NULL
                )
                """,
                "CREATE INDEX site_group_policy ON site_group (policy)",
                "CREATE INDEX site_group_master_target ON site_group (master_target)",
                "CREATE INDEX site_group_process_server ON site_group (process_server)",
                """
                CREATE TABLE machine (
                    name TEXT NOT NULL PRIMARY KEY,
                    group_name TEXT REFERENCES site_group (name),
                    payload TEXT NOT NULL
                )
                """,
                "CREATE INDEX machine_group ON machine (group_name)",
                // `number` is the order in which they were begun; `ended` is NULL until then.
                """
                CREATE TABLE job (
                    id TEXT NOT NULL PRIMARY KEY,
                    number BIGINT NOT NULL UNIQUE,
                    group_name TEXT NOT NULL,
                    ended BIGINT,
                    task_id TEXT,
                    payload TEXT NOT NULL
                )
                """,
                "CREATE INDEX job_group ON job (group_name, number)",
                "CREATE INDEX job_task ON job (task_id)",
                // One job works on a group, whoever asks, and over whichever instance.
                "CREATE UNIQUE INDEX job_unfinished ON job (group_name) WHERE ended IS NULL",
                // Questions to master targets, for as long as somebody waits for the answer.
                """
                CREATE TABLE question (
                    id TEXT NOT NULL PRIMARY KEY,
                    master_target TEXT NOT NULL,
                    asked BIGINT NOT NULL,
                    payload TEXT NOT NULL,
                    answer TEXT
                )
                """,
                "CREATE INDEX question_master_target ON question (master_target)",
                // Grows with every change of what a server is told; the greatest is the newest.
                "CREATE TABLE order_revision (host_id TEXT NOT NULL PRIMARY KEY, revision BIGINT NOT NULL)",
                "CREATE INDEX order_revision_number ON order_revision (revision)",
            ])
    ]
}
