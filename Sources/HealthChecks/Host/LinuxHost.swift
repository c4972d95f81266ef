// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// This machine, or a recorded tree of one: `/proc`, `/sys`, `/etc` and the programs.
public final class LinuxHost: HostProbe {
    let tree: RootedTree
    let retentionMount: String
    let waived: [String: String]
    private let state: (any StoreFolder)?
    private let steady: any SteadyClock
    private let readClock: @Sendable () throws -> ClockFacts
    private let window = Mutex(LoadWindow())

    /// A machine.
    ///
    /// - Parameters:
    ///   - tree: Its files.
    ///   - state: The folder that remembers which machine it is, `/var/lib/master-target`; nil to remember nothing.
    ///   - retentionMount: Where the retention volume is to be mounted.
    ///   - waived: Reasons by the names of programs and filesystems that are not needed here; other names mean nothing.
    ///   - steady: What intervals between samples are measured by.
    ///   - readClock: How the clock is asked; the kernel's, unless the tree is not this machine's.
    public init(
        tree: RootedTree = RootedTree(), state: (any StoreFolder)?, retentionMount: String = "/mnt/retention",
        waived: [String: String] = [:], steady: any SteadyClock = MachineSteadyClock(),
        readClock: @escaping @Sendable () throws -> ClockFacts = LinuxHost.kernelClock
    ) {
        self.tree = tree
        self.state = state
        self.retentionMount = retentionMount
        self.waived = waived
        self.steady = steady
        self.readClock = readClock
    }

    /// What the kernel says of its clock.
    public static let kernelClock: @Sendable () throws -> ClockFacts = {
        ClockFacts(isSynchronized: try KernelClock().isSynchronized)
    }

    /// Whether a time service keeps the clock.
    public func clock() throws -> ClockFacts { try readClock() }

    /// How busy it is, on the average since the first call, 15 minutes at most: an agent calls it once a minute or so.
    public func load() throws -> LoadFacts {
        let reading = try LoadReading(tree)
        let now = steady.nanoseconds()
        return window.withLock { window in
            window.add(reading.sample, at: now)
            return window.facts(latest: reading)
        }
    }

    /// Which machine it is. The first call records it.
    public func identity() throws -> HostIdentityFacts {
        let current = try currentIdentity()
        guard let state else {
            throw HealthError(.notProvided, "There is no state folder to remember the machine's identity in.")
        }
        let record = HostIdentityRecord(state)
        if let recorded = try record.read() { return HostIdentityFacts(current: current, recorded: recorded) }
        try record.write(current)
        return HostIdentityFacts(current: current, recorded: current)
    }

    /// Takes the machine as it is now for the right one, after it was moved or cloned on purpose.
    public func acceptIdentity() throws {
        guard let state else {
            throw HealthError(.notProvided, "There is no state folder to remember the machine's identity in.")
        }
        try HostIdentityRecord(state).write(try currentIdentity())
    }
}
