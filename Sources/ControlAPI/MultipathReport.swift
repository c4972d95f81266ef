// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What `mtctl multipath` shows: the daemon, its maps, and our part of its configuration.
public struct MultipathReport: Hashable, Sendable, Codable {
    /// One logical unit as multipathd believes it to be, and whether it is believed here.
    public struct Map: Hashable, Sendable, Codable {
        /// The map's name.
        public var name: String
        /// What its paths were joined by, as scsi_id prints it.
        public var identity: String
        /// The kernel's name of now: `dm-3`; nil when the map is not in the kernel.
        public var device: String?
        /// As the disk names itself.
        public var model: String
        /// How its paths are, as a sentence.
        public var state: String
        /// How bad that is.
        public var severity: DiskFindingReport.Severity
        /// What happens to I/O when no path is left.
        public var queueing: String
        /// Whether it takes no writes.
        public var isReadOnly: Bool
        /// Whether its I/O is held back.
        public var isSuspended: Bool
        /// How many times a path of it failed since multipathd started.
        public var pathFaults: UInt64
        /// Whether its paths are one disk, as far as can be seen.
        public var isBelieved: Bool
        /// What that rests on, or why it is not believed, as sentences.
        public var evidence: String
        /// The group that writes to it.
        public var group: String?
        /// Its path groups, in its order.
        public var pathGroups: [PathGroup]

        /// A map.
        public init(
            name: String, identity: String, device: String?, model: String, state: String,
            severity: DiskFindingReport.Severity, queueing: String, isReadOnly: Bool, isSuspended: Bool,
            pathFaults: UInt64, isBelieved: Bool, evidence: String, group: String?, pathGroups: [PathGroup]
        ) {
            self.name = name
            self.identity = identity
            self.device = device
            self.model = model
            self.state = state
            self.severity = severity
            self.queueing = queueing
            self.isReadOnly = isReadOnly
            self.isSuspended = isSuspended
            self.pathFaults = pathFaults
            self.isBelieved = isBelieved
            self.evidence = evidence
            self.group = group
            self.pathGroups = pathGroups
        }
    }

    /// Paths that are used together.
    public struct PathGroup: Hashable, Sendable, Codable {
        /// Its number in the map, from 1.
        public var number: Int
        /// `active` is in use, `enabled` can be switched to.
        public var state: String
        /// The highest is used.
        public var priority: Int
        /// How I/O is spread over its paths.
        public var selector: String
        /// Its paths.
        public var paths: [Path]

        /// A path group.
        public init(number: Int, state: String, priority: Int, selector: String, paths: [Path]) {
            self.number = number
            self.state = state
            self.priority = priority
            self.selector = selector
            self.paths = paths
        }
    }

    /// One way to a logical unit.
    public struct Path: Hashable, Sendable, Codable {
        /// The kernel's name of now: `sdb`.
        public var device: String
        /// Host, channel, target and unit; nil where it is not known.
        public var address: String?
        /// Whether it carries I/O.
        public var isUp: Bool
        /// What device-mapper makes of it: `active`, `failed`.
        public var state: String
        /// What the path checker last saw: `ready`, `faulty`.
        public var checker: String
        /// What the SCSI layer says: `running`, `offline`.
        public var deviceState: String

        /// A path.
        public init(
            device: String, address: String?, isUp: Bool, state: String, checker: String, deviceState: String
        ) {
            self.device = device
            self.address = address
            self.isUp = isUp
            self.state = state
            self.checker = checker
            self.deviceState = deviceState
        }
    }

    /// Whether multipathd answers.
    public var isRunning: Bool
    /// Why it does not, as a sentence with what to do; nil when it does.
    public var problem: String?
    /// Its maps, by name.
    public var maps: [Map]
    /// The file with our part of its configuration.
    public var dropIn: String
    /// Whether that file is there, and says what it should.
    public var isDropInInstalled: Bool
    /// What somebody has to know or do, as sentences.
    public var findings: [String]

    /// A report.
    public init(
        isRunning: Bool, problem: String? = nil, maps: [Map] = [], dropIn: String, isDropInInstalled: Bool,
        findings: [String] = []
    ) {
        self.isRunning = isRunning
        self.problem = problem
        self.maps = maps
        self.dropIn = dropIn
        self.isDropInInstalled = isDropInInstalled
        self.findings = findings
    }
}
