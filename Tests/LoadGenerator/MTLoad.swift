// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser

/// Drives the retention store in this process, for the rows of `scripts/bench` that need more than a replication
/// session.
@main
struct MTLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mt-load", abstract: "Loads the retention store and prints what it measured as JSON.",
        subcommands: [AckLatency.self, RandomOverwrite.self, Memory.self, History.self])
}
