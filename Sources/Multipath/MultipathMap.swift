// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A multipath map: one logical unit as multipathd believes it to be. Whether it is one, only its paths can tell.
public struct MultipathMap: Hashable, Sendable {
    /// The map's name: its WWID, or a friendly name or alias.
    public var name: String
    /// The identity that multipathd joined the paths by, as `scsi_id` prints it.
    public var wwid: String
    /// The device, as in `/sys/block`: `dm-1`. Nil when the map is not in the kernel.
    public var devnode: String?
    /// As the disk names itself; empty where it does not.
    public var vendor: String
    /// As the disk names itself; empty where it does not.
    public var product: String
    /// Whether the map takes no writes: `write_prot` is `ro`.
    public var isReadOnly: Bool
    /// Whether the map is suspended: `dm_st` is not `active`.
    public var isSuspended: Bool
    /// What happens to I/O when no path is left.
    public var queueing: QueueingMode
    /// How many times a path of it failed since multipathd started.
    public var pathFaults: UInt64
    /// Its path groups, in the map's order.
    public var groups: [PathGroup]

    /// Every path of every group.
    public var paths: [MultipathPath] { groups.flatMap(\.paths) }
    /// Paths that carry I/O.
    public var pathsUp: Int { paths.count { $0.isUp } }
}

/// Paths that are used together.
public struct PathGroup: Hashable, Sendable {
    /// Its number in the map, from 1.
    public var number: Int
    /// The group in use is `active`, one that can be switched to `enabled`.
    public var state: GroupState
    /// The highest is used.
    public var priority: Int
    /// How I/O is spread over its paths: `service-time 0`.
    public var selector: String
    /// Its paths.
    public var paths: [MultipathPath]

    /// A path group's state in device-mapper: `dm_st`.
    public enum GroupState: Hashable, Sendable {
        case active
        case enabled
        case disabled
        case other(String)
    }
}

/// One way to a logical unit.
public struct MultipathPath: Hashable, Sendable {
    /// The device, as in `/sys/block`: `sdb`.
    public var devnode: String
    /// Its number: what joins it with sysfs and with `show paths`.
    public var deviceNumber: DeviceNumber
    /// What device-mapper makes of it: `dm_st`.
    public var state: PathState
    /// What the path checker last saw: `chk_st`.
    public var checkerState: CheckerState
    /// The checker: `tur`, `directio`.
    public var checker: String
    /// What the SCSI mid-layer says: `running`, `offline`, `blocked`.
    public var deviceState: String
    /// The highest is used.
    public var priority: Int
    /// The port it leads to, where the transport names it.
    public var targetPort: String?
    /// The port it starts from, where the transport names it.
    public var hostPort: String?
    /// What `show paths` knows beside; nil where it does not list the path.
    public var details: PathDetails?

    /// Whether it carries I/O: device-mapper uses it and the checker is content.
    public var isUp: Bool { state == .active && checkerState.isUp }

    /// What device-mapper makes of a path.
    public enum PathState: Hashable, Sendable {
        case active
        case failed
        case other(String)
    }
}

/// What a path checker last saw.
///
/// Source: multipath-tools, libmultipath/checkers.h.
public enum CheckerState: Hashable, Sendable {
    case ready
    case ghost
    case faulty
    case shaky
    case pending
    case delayed
    case timedOut
    case undefined
    case other(String)

    /// The word that multipathd prints.
    public init(_ word: String) {
        self =
            switch word {
            case "ready": .ready
            case "ghost": .ghost
            case "faulty": .faulty
            case "shaky": .shaky
            case "i/o pending": .pending
            case "delayed": .delayed
            case "i/o timeout": .timedOut
            case "undef": .undefined
            default: .other(word)
            }
    }

    /// Whether I/O can be sent. A ghost (a passive controller's port) can be used after a switch of groups, and a check
    /// that is under way keeps the path in use.
    public var isUp: Bool { self == .ready || self == .ghost || self == .pending }
}

/// What a map does with I/O when no path is left.
public enum QueueingMode: Hashable, Sendable {
    /// Nothing was configured: it fails at once, or waits if the features say `queue_if_no_path`.
    case unset(queuesForever: Bool)
    /// It fails at once.
    case off
    /// It waits until a path is back.
    case on
    /// It waits for a while, then fails: the word that multipathd prints (`12 chk`, `60 sec`).
    case limited(String)
}
