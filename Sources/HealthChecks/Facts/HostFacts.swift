// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Programs and filesystems of the machine.
public struct SoftwareFacts: Hashable, Sendable, Codable {
    /// Names of programs that can be run.
    public var programs: Set<String>
    /// Filesystems that the kernel has or can load.
    public var filesystems: Set<String>
    /// Programs and filesystems that the operator said are not needed here, each with the reason.
    public var waived: [String: String]

    /// What is there.
    public init(programs: Set<String>, filesystems: Set<String>, waived: [String: String] = [:]) {
        self.programs = programs
        self.filesystems = filesystems
        self.waived = waived
    }
}

/// How the machine's own disk is laid out.
public struct LayoutFacts: Hashable, Sendable, Codable {
    /// Bytes of the filesystem on `/`.
    public var rootTotal: ByteCount
    /// Bytes that can still be written there.
    public var rootAvailable: ByteCount
    /// Bytes of swap; zero for none.
    public var swap: ByteCount
    /// Whether there is a folder `/var/crash`.
    public var hasCrashFolder: Bool
    /// The filesystem on `/` as `major:minor`; nil when not known.
    public var rootDevice: String?
    /// The retention volume's filesystem; nil when none is mounted.
    public var retentionDevice: String?
    /// Names of the disks under `/`: `sda`.
    public var rootDisks: Set<String>
    /// Names of the disks under the retention volume.
    public var retentionDisks: Set<String>

    /// A layout; the devices are not known.
    public init(rootTotal: ByteCount, rootAvailable: ByteCount, swap: ByteCount, hasCrashFolder: Bool) {
        self.rootTotal = rootTotal
        self.rootAvailable = rootAvailable
        self.swap = swap
        self.hasCrashFolder = hasCrashFolder
        rootDisks = []
        retentionDisks = []
    }
}

/// The machine's clock.
public struct ClockFacts: Hashable, Sendable, Codable {
    /// Whether a time service keeps it.
    public var isSynchronized: Bool
    /// Nanoseconds that it is ahead of the configuration server's; nil without a server.
    public var aheadOfServer: Int64?

    /// A clock.
    public init(isSynchronized: Bool, aheadOfServer: Int64? = nil) {
        self.isSynchronized = isSynchronized
        self.aheadOfServer = aheadOfServer
    }
}

/// How busy the machine is.
public struct LoadFacts: Hashable, Sendable, Codable {
    /// An average over the last minutes.
    public struct Average: Hashable, Sendable, Codable {
        /// Hundredths in use; more than 100 when more waits for it than there is.
        public var percent: Double
        /// Seconds that it is taken over.
        public var seconds: Int64

        /// An average.
        public init(percent: Double, seconds: Int64) {
            self.percent = percent
            self.seconds = seconds
        }
    }

    /// Memory that is not available to a program that asks for it.
    public var memory: Average
    /// Processors.
    public var processors: Average
    /// Hundredths of the last five minutes in which something waited for memory; nil where the kernel does not count.
    public var memoryPressure: Double?
    /// Hundredths of the last five minutes in which something waited for a processor.
    public var processorPressure: Double?

    /// How busy it is.
    public init(memory: Average, processors: Average) {
        self.memory = memory
        self.processors = processors
    }
}

/// What the machine is.
public struct PlatformFacts: Hashable, Sendable, Codable {
    /// Whether it is a virtual machine.
    public var isVirtual: Bool
    /// Its hypervisor, when it is a known one.
    public var hypervisor: String?
    /// What the firmware says it is.
    public var product: String?

    /// A machine.
    public init(isVirtual: Bool, hypervisor: String? = nil, product: String? = nil) {
        self.isVirtual = isVirtual
        self.hypervisor = hypervisor
        self.product = product
    }
}

/// Which machine it is, now and when it was first looked at.
public struct HostIdentityFacts: Hashable, Sendable, Codable {
    /// Now.
    public var current: HostIdentity
    /// As it was recorded on the first run.
    public var recorded: HostIdentity

    /// Both.
    public init(current: HostIdentity, recorded: HostIdentity) {
        self.current = current
        self.recorded = recorded
    }

    /// What is not as it was, as sentences.
    public var differences: [String] { current.differences(from: recorded) }

    /// Whether both ids are known and one of them is another: an id that cannot be read now is no other machine.
    public var isAnotherMachine: Bool {
        current.machineID != recorded.machineID
            || (current.productID != nil && recorded.productID != nil && !current.hasProduct(of: recorded))
    }
}
