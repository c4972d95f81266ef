// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How a map is, for a health check and a line of status.
public enum MapHealth: Hashable, Sendable {
    /// Every path carries I/O.
    case allUp(paths: Int)
    /// I/O flows, and a further loss hurts: what is down.
    case degraded(up: Int, down: [String])
    /// No path carries I/O.
    case noneUp(paths: Int, queueing: QueueingMode)

    /// The health of a map.
    public init(_ map: MultipathMap) {
        let paths = map.paths
        let down = paths.filter { !$0.isUp }
        if down.count == paths.count {
            self = .noneUp(paths: paths.count, queueing: map.queueing)
        } else if down.isEmpty {
            self = .allUp(paths: paths.count)
        } else {
            self = .degraded(up: paths.count - down.count, down: Self.down(map))
        }
    }

    /// The paths that carry no I/O, with what their checker says: `sdb (faulty)`.
    public static func down(_ map: MultipathMap) -> [String] {
        map.paths.filter { !$0.isUp }.map { "\($0.devnode) (\($0.checkerState.word))" }
    }

    /// How bad it is: losing a path is a warning, losing the last is critical.
    public enum Severity: Int, Comparable, Sendable {
        case fine
        case warning
        case critical

        /// Less bad.
        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    /// How bad it is.
    public var severity: Severity {
        switch self {
        case .allUp: .fine
        case .degraded: .warning
        case .noneUp: .critical
        }
    }

    /// A sentence about the map of that name.
    public func sentence(map: String) -> String {
        switch self {
        case .allUp(let paths): "\(map): \(paths == 1 ? "its path is" : "all \(paths) paths are") up."
        case .degraded(let up, let down):
            "\(map): \(down.joined(separator: ", ")) \(down.count == 1 ? "is" : "are") down, \(up) of "
                + "\(up + down.count) paths \(up == 1 ? "carries" : "carry") I/O."
        case .noneUp(let paths, let queueing):
            "\(map): none of its \(paths) paths is up; I/O \(queueing.consequence)."
        }
    }
}

extension QueueingMode {
    /// What becomes of I/O without a path.
    var consequence: String {
        switch self {
        case .unset(queuesForever: false), .off: "fails"
        case .unset(queuesForever: true), .on: "waits until a path is back"
        case .limited(let limit): "waits (\(limit)), then fails"
        }
    }
}

extension CheckerState {
    /// The word that multipathd prints.
    public var word: String {
        switch self {
        case .ready: "ready"
        case .ghost: "ghost"
        case .faulty: "faulty"
        case .shaky: "shaky"
        case .pending: "i/o pending"
        case .delayed: "delayed"
        case .timedOut: "i/o timeout"
        case .undefined: "undef"
        case .other(let word): word
        }
    }
}
