// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// The port to the machine's programs.
public protocol CommandRunner: Sendable {
    /// Runs a command of the shell; nil when it ended well, else what happened.
    func run(_ command: String) -> String?
}

/// Runs commands with `/bin/sh`. Blocks.
public struct ShellCommandRunner: CommandRunner {
    /// Packages may come over a slow line.
    private static let limit: Int64 = 30 * 60 * 1_000_000_000

    /// The machine's shell.
    public init() {}

    /// Runs it, without questions from package managers.
    public func run(_ command: String) -> String? {
        ShellCommand.run(
            command, environment: ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"], timeout: Self.limit,
            clock: MachineSteadyClock())
    }
}
