// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HealthChecks
import StoragePrimitives
import Testing

@Suite struct SystemCheckTests {
    static let programs: Set<String> = [
        "multipathd", "mkfs.xfs", "lsscsi", "modprobe", "perl", "rsync", "wget", "kexec",
    ]
    static let filesystems: Set<String> = ["xfs", "ext4", "reiserfs"]

    @Test(
        arguments: [
            ([], Severity.ok), (["perl"], .warning), (["rsync"], .warning), (["wget"], .warning), (["kexec"], .warning),
            (["reiserfs"], .warning), (["ext4"], .warning), (["multipathd"], .critical), (["mkfs.xfs"], .critical),
            (["lsscsi"], .critical), (["modprobe"], .critical), (["xfs"], .critical), (["perl", "xfs"], .critical),
        ] as [([String], Severity)])
    func `os.packages: optional missing is a warning, needed is critical`(
        missing: [String], severity: Severity
    ) throws {
        let finding = try judge("os.packages") {
            $0.software = .known(
                SoftwareFacts(
                    programs: Self.programs.subtracting(missing), filesystems: Self.filesystems.subtracting(missing)))
        }
        #expect(finding.severity == severity)
        for name in missing { #expect(finding.evidence.contains { $0.contains(name) }) }
        let waived = try judge("os.packages") {
            $0.software = .known(
                SoftwareFacts(
                    programs: Self.programs.subtracting(missing), filesystems: Self.filesystems.subtracting(missing),
                    waived: Dictionary(uniqueKeysWithValues: missing.map { ($0, "no source has it") })))
        }
        #expect(waived.severity == .ok)
        for name in missing {
            #expect(waived.evidence.contains { $0.contains(name) && $0.hasSuffix("no source has it") })
        }
    }

    @Test(
        arguments: [
            (1000, 1000, Severity.ok), (1000, 201, .ok), (1000, 200, .ok), (1000, 199, .warning), (1000, 100, .warning),
            (1000, 99, .critical), (1000, 0, .critical), (0, 0, .unknown), (10, 11, .unknown), (.max, .max, .ok),
            (.max, .max / 10, .critical), (.max, .max / 10 + 1, .warning), (.max, 0, .critical),
        ] as [(UInt64, UInt64, Severity)])
    func `os.layout: below 20 % free is a warning, below 10 % critical`(
        total: UInt64, available: UInt64, severity: Severity
    ) throws {
        let finding = try judge("os.layout") {
            $0.layout = .known(
                LayoutFacts(
                    rootTotal: ByteCount(total), rootAvailable: ByteCount(available), swap: .gibibytes(1),
                    hasCrashFolder: true))
        }
        #expect(finding.severity == severity)
    }

    @Test func `os.layout: swap, /var/crash, and history on a disk of its own`() throws {
        func severity(_ change: (inout LayoutFacts) -> Void) throws -> Severity {
            var layout = LayoutFacts(
                rootTotal: .gibibytes(10), rootAvailable: .gibibytes(5), swap: .gibibytes(1), hasCrashFolder: true)
            layout.rootDevice = "8:2"
            layout.retentionDevice = "8:17"
            layout.rootDisks = ["sda"]
            layout.retentionDisks = ["sdb"]
            change(&layout)
            return try judge("os.layout") { $0.layout = .known(layout) }.severity
        }
        #expect(try severity { _ in } == .ok)
        #expect(try severity { $0.swap = .zero } == .warning)
        #expect(try severity { $0.hasCrashFolder = false } == .warning)
        #expect(try severity { $0.retentionDisks = ["sda", "sdb"] } == .warning)
        #expect(try severity { $0.retentionDevice = "8:2" } == .critical)
        #expect(try severity { $0.retentionDevice = nil } == .ok)
    }

    @Test(
        arguments: [
            (true, nil, Severity.ok), (false, nil, .warning), (true, 5_000_000_000, .ok),
            (true, 5_000_000_001, .critical),
            (true, -5_000_000_000, .ok), (true, -5_000_000_001, .critical), (false, 0, .warning),
            (false, .max, .critical), (true, .min, .critical),
        ] as [(Bool, Int64?, Severity)])
    func `os.time: not kept is a warning, more than 5 s off is critical`(
        isSynchronized: Bool, ahead: Int64?, severity: Severity
    ) throws {
        let finding = try judge("os.time") {
            $0.clock = .known(ClockFacts(isSynchronized: isSynchronized, aheadOfServer: ahead))
        }
        #expect(finding.severity == severity)
    }

    @Test(
        arguments: [
            (0, Severity.ok), (80, .ok), (80.01, .warning), (95, .warning), (95.01, .critical), (400, .critical),
            (-1, .unknown), (.nan, .unknown), (.infinity, .unknown), (1e300, .critical),
        ] as [(Double, Severity)])
    func `os.memory and os.cpu: above 80 % is a warning, above 95 % critical`(
        percent: Double, severity: Severity
    ) throws {
        let idle = LoadFacts.Average(percent: 1, seconds: 900)
        let busy = LoadFacts.Average(percent: percent, seconds: 900)
        var load = LoadFacts(memory: busy, processors: idle)
        load.memoryPressure = .nan
        #expect(try judge("os.memory") { $0.load = .known(load) }.severity == severity)
        #expect(try judge("os.cpu") { $0.load = .known(load) }.severity == .ok)
        load = LoadFacts(memory: idle, processors: busy)
        #expect(try judge("os.cpu") { $0.load = .known(load) }.severity == severity)
        #expect(try judge("os.memory") { $0.load = .known(load) }.severity == .ok)
    }

    @Test func `vm.product: physical is a warning, and so is an unknown hypervisor`() throws {
        func severity(_ platform: PlatformFacts) throws -> Severity {
            try judge("vm.product") { $0.platform = .known(platform) }.severity
        }
        #expect(try severity(PlatformFacts(isVirtual: true, hypervisor: "VMware")) == .ok)
        #expect(try severity(PlatformFacts(isVirtual: true)) == .warning)
        #expect(try severity(PlatformFacts(isVirtual: false, product: "PowerEdge")) == .warning)
    }

    @Test(
        arguments: [
            ("a", "11223344-5566-7788-99aa-bbccddeeff00", Severity.ok),
            ("a", "11223344-5566-7788-99AA-BBCCDDEEFF00", .ok),
            // The first three fields in the other byte order.
            ("a", "44332211-6655-8877-99aa-bbccddeeff00", .ok),
            ("a", "11223344-5566-7788-99aa-bbccddeeff01", .critical), ("a", "00", .critical), ("a", nil, .critical),
            ("b", "11223344-5566-7788-99aa-bbccddeeff00", .critical), ("b", "x", .critical),
        ] as [(String, String?, Severity)])
    func `vm.identity: another machine id or another product id is critical`(
        machine: String, product: String?, severity: Severity
    ) throws {
        let recorded = HostIdentity(machineID: "a", productID: "11223344-5566-7788-99aa-bbccddeeff00")
        let current = HostIdentity(machineID: machine, productID: product)
        let finding = try judge("vm.identity") {
            $0.identity = .known(HostIdentityFacts(current: current, recorded: recorded))
        }
        #expect(finding.severity == severity)
    }

    @Test func `vm.identity: no product id then and now is the same machine`() throws {
        let identity = HostIdentity(machineID: "a", productID: nil)
        let finding = try judge("vm.identity") {
            $0.identity = .known(HostIdentityFacts(current: identity, recorded: identity))
        }
        #expect(finding.severity == .ok)
    }
}
