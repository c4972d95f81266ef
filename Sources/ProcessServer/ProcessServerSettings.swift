// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a process server is told to do for one group.
public struct ProcessServerSettings: Sendable {
    /// How long it goes on.
    public enum Mode: Hashable, Sendable {
        /// Sync what needs it, one last pass, a bookmark; then end.
        case once
        /// Passes for ever, their starts this many nanoseconds apart.
        case continuous(interval: Int64)
    }

    /// What a failing command before a pass means.
    public enum HookFailure: String, Hashable, Sendable, CaseIterable {
        /// The pass is made all the same, and is crash-consistent.
        case crashConsistent = "crash-consistent"
        /// The pass is left out.
        case skip
    }

    /// Commands around each pass, run by the shell.
    public struct Hooks: Hashable, Sendable {
        /// Run before the sources are opened; nil for none.
        public var before: String?
        /// Run after the sources are closed; nil for none.
        public var after: String?
        /// What follows when the command before a pass fails.
        public var onFailure = HookFailure.crashConsistent
        /// Nanoseconds after which a command is killed.
        public var timeout: Int64 = 60_000_000_000

        /// No commands.
        public init() {}
    }

    /// The group to feed.
    public var group: String
    /// Where the master target listens.
    public var server: ServerAddress
    /// The host id that the master target's certificate has to name; nil for any master target.
    public var masterTarget: String?
    /// Serial numbers of certificates that were taken back, without leading zeroes.
    public var revokedSerials: Set<[UInt8]> = []
    /// The token that the Hello carries; one greater than the last sender's takes the group over.
    public var fencingToken: UInt64 = 1
    /// How long it goes on.
    public var mode = Mode.once
    /// Commands around each pass.
    public var hooks = Hooks()
    /// Nothing writes to the sources while they are read: passes are exact without hooks.
    public var isStatic = false
    /// The label of the bookmark that follows each pass; nil for none.
    public var bookmarkLabel: String?
    /// When payloads are compressed.
    public var compression = CompressionPolicy.Mode.auto
    /// Bytes a second; nil for no limit.
    public var rateLimit: UInt64?
    /// Passes by change maps alone between two that read everything.
    public var fullScanEvery = 24
    /// Nanoseconds without a session after which it gives up; nil for never.
    public var giveUpAfter: Int64?

    /// The defaults: once, without hooks.
    public init(group: String, server: ServerAddress) {
        self.group = group
        self.server = server
    }
}
