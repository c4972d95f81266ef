// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How a group is fed by standard clients over NBD.
public struct NBDFeedReport: Hashable, Sendable, Codable {
    /// Clients that are connected now.
    public var connections: Int
    /// How truly the newest point shows one moment of the source: not guaranteed until somebody who knows says so.
    public var accuracy: PointAccuracy
    /// The names of its exports, by disk.
    public var exports: [String]

    /// A report.
    public init(connections: Int, accuracy: PointAccuracy, exports: [String]) {
        self.connections = connections
        self.accuracy = accuracy
        self.exports = exports
    }
}
