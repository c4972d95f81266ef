// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionVolume
import StoragePrimitives
import Testing

@Suite struct VolumeFindingTests {
    static let rootMount = Sample.mount("/dev/sda1", on: "/", type: "ext4", minor: 1)

    static func seen() -> VolumeObservation {
        VolumeObservation(
            path: Sample.path, hasFolder: true, mount: Sample.mount("/dev/sdc", on: Sample.path), root: rootMount,
            signature: VolumeSignature("xfs", uuid: Sample.uuid),
            space: VolumeObservation.FilesystemRoom(total: .gibibytes(100), available: .gibibytes(60)), probe: .written)
    }

    static func findings(_ change: (inout VolumeObservation) -> Void) -> [VolumeFinding] {
        var seen = seen()
        change(&seen)
        return VolumeFinding.findings(seen, expectedUUID: Sample.uuid)
    }

    @Test func `a volume as it should be has no finding`() {
        #expect(Self.findings { _ in }.isEmpty)
        let upper = Self.findings { $0.signature?.uuid = Sample.uuid.uppercased() }
        #expect(upper.isEmpty)
    }

    @Test func `no folder is all there is to say`() {
        #expect(Self.findings { $0.hasFolder = false } == [.noFolder(path: Sample.path)])
    }

    @Test func `a folder on the root filesystem is not mounted and on the root`() {
        let findings = Self.findings { $0.mount = Self.rootMount }
        #expect(
            findings == [
                .notMounted(path: Sample.path, on: Self.rootMount), .onRoot(path: Sample.path, Self.rootMount),
            ])
        #expect(findings.allSatisfy { $0.severity == .critical })
        #expect(findings[0].sentence.contains("systemctl start mnt-retention.mount"))
    }

    @Test func `a plain folder elsewhere is not mounted, and nothing more`() {
        let data = Sample.mount("/dev/sdd", on: "/mnt", minor: 48)
        #expect(Self.findings { $0.mount = data } == [.notMounted(path: Sample.path, on: data)])
        #expect(Self.findings { $0.mount = nil } == [.notMounted(path: Sample.path, on: nil)])
    }

    @Test func `a bind mount is a note, one of the root filesystem critical`() {
        var bind = Sample.mount("/dev/sdc", on: Sample.path)
        bind.root = "/history"
        #expect(Self.findings { $0.mount = bind } == [.bindMount(path: Sample.path, bind)])
        bind.device = Sample.number(1)
        #expect(
            Self.findings { $0.mount = bind } == [
                .onRoot(path: Sample.path, bind), .bindMount(path: Sample.path, bind),
            ])
    }

    @Test func `another filesystem is told from one that cannot be read`() {
        #expect(
            Self.findings { $0.signature?.uuid = "other" }
                == [.otherFilesystem(path: Sample.path, found: "other", expected: Sample.uuid)])
        #expect(
            Self.findings { $0.signature?.uuid = nil }
                == [.otherFilesystem(path: Sample.path, found: nil, expected: Sample.uuid)])
        #expect(Self.findings { $0.signature = nil } == [.unknownFilesystem(path: Sample.path, source: "/dev/sdc")])
        #expect(VolumeFinding.findings(Self.seen(), expectedUUID: nil).isEmpty)
    }

    @Test func `read-only is noticed by the mount and by the probe, and told once`() {
        #expect(Self.findings { $0.mount?.isReadOnly = true } == [.readOnly(path: Sample.path)])
        let refused = DeviceError(.readOnly, operation: "open", object: "x")
        #expect(
            Self.findings {
                $0.mount?.isReadOnly = true
                $0.probe = .failed(refused)
            } == [.readOnly(path: Sample.path)])
        let broken = DeviceError(.inputOutput, operation: "fdatasync", object: "x")
        #expect(Self.findings { $0.probe = .failed(broken) } == [.unwritable(path: Sample.path, broken)])
    }

    @Test(
        arguments: [
            (60 << 30, nil), (10 << 30, nil), ((10 << 30) - 1, VolumeFinding.Severity.warning), (1 << 30, .warning),
            ((1 << 30) - 1, .critical), (0, .critical),
        ] as [(UInt64, VolumeFinding.Severity?)])
    func `little room is a warning, hardly any critical`(free: UInt64, severity: VolumeFinding.Severity?) {
        let findings = Self.findings { $0.space?.available = ByteCount(free) }
        #expect(findings.map(\.severity) == (severity.map { [$0] } ?? []))
    }

    @Test func `the worst comes first, and every finding is a sentence`() {
        let findings = Self.findings {
            $0.space = nil
            $0.mount?.type = "btrfs"
            $0.tableProblem = nil
        }
        #expect(findings.map(\.severity) == [.critical, .warning])
        #expect(findings.allSatisfy { $0.sentence.hasSuffix(".") })
        #expect(Self.findings { $0.tableProblem = "gone" } == [.unreadableTable("gone")])
    }
}

@Suite struct RetentionEstimateTests {
    static let day: UInt64 = 86400

    static func estimate(
        growth: ByteCount, over seconds: UInt64 = day, used: ByteCount = .zero, free: ByteCount,
        reserve: ByteCount = .zero, quota: ByteCount? = nil, wanted: UInt64 = day
    ) -> RetentionEstimate {
        RetentionEstimate(
            wantedSeconds: wanted, growth: RetentionEstimate.Growth(bytes: growth, seconds: seconds), used: used,
            free: free, reserve: reserve, quota: quota)
    }

    @Test func `the sentence says what is needed and what there is room for`() {
        let estimate = Self.estimate(growth: .gibibytes(310), used: .gibibytes(200), free: .gibibytes(46))
        #expect(estimate.sentence == "At today's rate 24 h need 310 GiB; there is room for 19 h 2 min.")
        #expect(estimate.severity == .warning)
        #expect(estimate.hundredths == 79)
    }

    @Test func `what grows little has room for more than a year`() {
        let estimate = Self.estimate(growth: ByteCount(1), free: .gibibytes(100))
        #expect(estimate.sentence == "At today's rate 24 h need 1 B; there is room for more than a year.")
        #expect(estimate.severity == .fine)
    }

    @Test func `nothing that grows needs nothing`() {
        for seconds in [0, Self.day] {
            let estimate = Self.estimate(growth: .zero, over: seconds, free: .gibibytes(5))
            #expect(estimate.needed == nil && estimate.possibleSeconds == nil && estimate.severity == .fine)
            #expect(estimate.sentence == "History does not grow at present; there are 5 GiB for 24 h of it.")
        }
    }

    @Test(
        arguments: [
            (100, 0, nil, 100, RetentionEstimate.Severity.fine), (99, 0, nil, 99, .warning), (25, 0, nil, 25, .warning),
            (24, 0, nil, 24, .critical), (200, 150, nil, 50, .warning), (200, 0, 20, 20, .critical),
            (100, 200, nil, 0, .critical),
        ] as [(UInt64, UInt64, UInt64?, UInt64, RetentionEstimate.Severity)])
    func `severity follows the share of the window`(
        free: UInt64, reserve: UInt64, quota: UInt64?, hundredths: UInt64, severity: RetentionEstimate.Severity
    ) {
        let estimate = Self.estimate(
            growth: .gibibytes(100), free: .gibibytes(free), reserve: .gibibytes(reserve),
            quota: quota.map { .gibibytes($0) })
        #expect(estimate.hundredths == hundredths)
        #expect(estimate.severity == severity)
    }

    @Test func `less than a gibibyte free is critical whatever the window`() {
        let estimate = Self.estimate(growth: ByteCount(1), used: .gibibytes(50), free: .mebibytes(1023))
        #expect(estimate.severity == .critical)
    }

    @Test func `numbers of any size are counted without a trap`() {
        let most = ByteCount(UInt64.max)
        for bytes in [ByteCount(1), most] {
            for seconds in [1, UInt64.max] {
                for wanted in [0, 1, UInt64.max] {
                    let estimate = RetentionEstimate(
                        wantedSeconds: wanted, growth: RetentionEstimate.Growth(bytes: bytes, seconds: seconds),
                        used: most, free: most, reserve: ByteCount(1), quota: nil)
                    #expect(!estimate.sentence.isEmpty)
                    #expect(estimate.hundredths != nil)
                }
            }
        }
        #expect(Self.estimate(growth: most, over: 1, free: .gibibytes(1)).needed == most)
    }
}
