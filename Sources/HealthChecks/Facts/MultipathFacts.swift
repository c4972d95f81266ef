// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Multipath: the daemon, its maps and its configuration.
public struct MultipathFacts: Hashable, Sendable, Codable {
    /// A map and how many of its paths work.
    public struct Map: Hashable, Sendable, Codable {
        /// Its name or identity.
        public var name: String
        /// Paths that its checker found up.
        public var pathsUp: Int
        /// All its paths.
        public var paths: Int
        /// Those that do not work, with what their checker says: `sdb (faulty)`.
        public var down: [String]

        /// A map.
        public init(name: String, pathsUp: Int, paths: Int, down: [String] = []) {
            self.name = name
            self.pathsUp = pathsUp
            self.paths = paths
            self.down = down
        }
    }

    /// Whether multipathd answers.
    public var isRunning: Bool
    /// Identities that several devices carry, whether or not there is a map of them.
    public var disksWithSeveralPaths: [String]
    /// Its maps.
    public var maps: [Map]
    /// What keeps our configuration from its effect, a sentence each with what to do.
    public var overrides: [String]

    /// What was seen.
    public init(isRunning: Bool, disksWithSeveralPaths: [String] = [], maps: [Map] = [], overrides: [String] = []) {
        self.isRunning = isRunning
        self.disksWithSeveralPaths = disksWithSeveralPaths
        self.maps = maps
        self.overrides = overrides
    }
}
