// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser

/// Drives the retention store in this process, or many agents of a configuration server, for the rows of `scripts/bench`
/// that need more than a replication session.
@main
struct MTLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mt-load",
        abstract: "Loads the retention store, or a configuration server, and prints what it measured as JSON.",
        subcommands: [AckLatency.self, RandomOverwrite.self, Memory.self, History.self, Agents.self])
}
