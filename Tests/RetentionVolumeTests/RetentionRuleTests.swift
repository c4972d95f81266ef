// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionVolume
import StoragePrimitives
import Testing

@Suite struct RetentionRuleTests {
    /// The ids of the rules that refuse a volume.
    static func failures(_ facts: VolumeFacts, in context: RetentionContext = Sample.context) -> [String] {
        RetentionCandidate(facts, in: context).results.filter(\.outcome.isFailure)
            .map { String($0.rule.dropFirst("retention.".count)) }
    }

    static func xfs(_ label: String? = nil) -> VolumeSignature {
        VolumeSignature("xfs", label: label, uuid: Sample.uuid)
    }

    @Test func `a blank disk of its own is offered after preparation`() {
        let candidate = RetentionCandidate(Sample.volume(), in: Sample.context)
        #expect(candidate.verdict == .offeredAfterPreparation)
        #expect(candidate.reasons.isEmpty && candidate.warnings.isEmpty)
        #expect(candidate.results.count == RetentionRule.all.count)
    }

    @Test(arguments: ["xfs", "ext4"])
    func `a filesystem that works is offered, mounted at its place or not`(name: String) {
        var facts = Sample.volume(signatures: [VolumeSignature(name, uuid: Sample.uuid)])
        #expect(RetentionCandidate(facts, in: Sample.context).verdict == .offered)
        facts.mounts = [Sample.mount("/dev/sdc", on: Sample.path, type: name)]
        #expect(RetentionCandidate(facts, in: Sample.context).verdict == .offered)
    }

    @Test(arguments: ["vfat", "exfat", "ntfs", "msdos", "VFAT"])
    func `FAT and its kin are refused by two rules, and a new filesystem would cure both`(name: String) {
        let facts = Sample.volume(signatures: [VolumeSignature(name, label: "EFI")])
        #expect(Self.failures(facts) == ["not-fat", "working-filesystem"])
        let candidate = RetentionCandidate(facts, in: Sample.context)
        #expect(candidate.verdict == .refused)
        #expect(candidate.lastingReasons.isEmpty)
        #expect(candidate.reasons[0].contains("--yes-destroy \(name)"))
    }

    @Test(arguments: [
        "btrfs", "ext2", "ext3", "zfs_member", "LVM2_member", "linux_raid_member", "gpt", "jfs", "reiserfs",
    ])
    func `what does not work is refused by name`(name: String) {
        let facts = Sample.volume(signatures: [VolumeSignature(name)])
        #expect(Self.failures(facts) == ["working-filesystem"])
        #expect(RetentionCandidate(facts, in: Sample.context).reasons[0].contains(name))
    }

    @Test func `two signatures are no filesystem`() {
        #expect(
            Self.failures(Sample.volume(signatures: [Self.xfs(), VolumeSignature("ext4")])) == ["working-filesystem"])
    }

    @Test func `what cannot be read is refused for good`() {
        var facts = Sample.volume()
        facts.signatureProblem = "it cannot be opened"
        #expect(Self.failures(facts) == ["working-filesystem"])
        #expect(!RetentionCandidate(facts, in: Sample.context).lastingReasons.isEmpty)
    }

    @Test(
        arguments: [(0, ["capacity", "enough-room"]), (1 << 30, ["enough-room"]), (2 << 30, [])] as [(UInt64, [String])]
    )
    func `room is needed`(size: UInt64, rules: [String]) {
        #expect(Self.failures(Sample.volume(size: ByteCount(size), signatures: [Self.xfs()])) == rules)
    }

    @Test func `read-only by the device or by a mount is refused`() {
        #expect(Self.failures(Sample.volume(isReadOnly: true, signatures: [Self.xfs()])) == ["writable"])
        var mount = Sample.mount("/dev/sdc", on: Sample.path)
        mount.isReadOnly = true
        #expect(Self.failures(Sample.volume(signatures: [Self.xfs()], mounts: [mount])) == ["writable"])
    }

    @Test func `locked means encrypted or held`() {
        let crypto = Sample.volume(signatures: [VolumeSignature("crypto_LUKS", usage: .crypto)])
        #expect(Self.failures(crypto) == ["working-filesystem", "not-locked"])
        var held = Sample.volume(signatures: [Self.xfs()])
        held.isHeld = true
        #expect(Self.failures(held) == ["not-locked"])
    }

    @Test func `a disk with partitions or a member of something is refused, and not cured by formatting`() {
        var facts = Sample.volume(signatures: [VolumeSignature("gpt", usage: .partitionTable)])
        facts.above = [VolumeFacts.Relative("sdc1", number: Sample.number(33))]
        #expect(Self.failures(facts) == ["working-filesystem", "not-divided"])
        #expect(
            RetentionCandidate(facts, in: Sample.context).lastingReasons == [
                "sdc holds sdc1: choose one of these, or take them apart first. Nothing does it for you."
            ])
    }

    @Test func `mounted elsewhere is refused, alone or also, itself or what is made of it`() {
        let here = Sample.mount("/dev/sdc", on: Sample.path)
        let there = Sample.mount("/dev/sdc", on: "/data")
        for mounts in [[there], [here, there], [Sample.mount("/dev/mapper/v-data", on: "/data", minor: 99)]] {
            #expect(Self.failures(Sample.volume(signatures: [Self.xfs()], mounts: mounts)) == ["not-mounted-elsewhere"])
        }
    }

    @Test func `swap is refused, in use or not`() {
        let unused = Sample.volume(signatures: [VolumeSignature("swap", usage: .other)])
        #expect(Self.failures(unused) == ["working-filesystem", "not-swap"])
        #expect(RetentionCandidate(unused, in: Sample.context).lastingReasons.isEmpty)
        var used = unused
        used.swaps = ["/dev/sdc"]
        #expect(RetentionCandidate(used, in: Sample.context).lastingReasons.count == 1)
    }

    @Test func `what the machine lies on is refused: the volume, and the disk under it`() {
        let mounts = [Sample.mount("/dev/sda1", on: "/", minor: 1)]
        let root = Sample.volume("sda1", minor: 1, kind: .partition, signatures: [Self.xfs()], mounts: mounts)
        #expect(Self.failures(root) == ["not-mounted-elsewhere", "not-system", "not-installation-or-cache"])
        #expect(Self.failures(Sample.volume("sda", minor: 0)) == ["not-system", "not-installation-or-cache"])
        #expect(Self.failures(Sample.volume("sda3", minor: 3)) == ["not-system"])
        let cache = Sample.volume("sde1", minor: 65, signatures: [Self.xfs()])
        #expect(Self.failures(cache) == ["not-installation-or-cache"])
    }

    @Test func `a volume beside the root filesystem is offered with a warning`() {
        var facts = Sample.volume("sda2", minor: 2, kind: .partition, signatures: [Self.xfs()])
        facts.below = [VolumeFacts.Relative("sda", number: Sample.number(0))]
        let candidate = RetentionCandidate(facts, in: Sample.context)
        #expect(candidate.verdict == .offered)
        #expect(
            candidate.warnings == [
                "It shares sda with the root filesystem; a disk of its own is better."
            ])
    }

    @Test func `a replication target is refused by number and by identity, up and down the stack`() {
        #expect(Self.failures(Sample.volume("sdf", minor: 80)) == ["not-a-target"])
        var partition = Sample.volume("sdf1", minor: 81, kind: .partition)
        partition.below = [VolumeFacts.Relative("sdf", number: Sample.number(80))]
        #expect(Self.failures(partition) == ["not-a-target"])
        #expect(
            RetentionCandidate(partition, in: Sample.context).reasons == [
                "sdf1 belongs with sdf, which is a replication target: choose another volume."
            ])
        var path = Sample.volume("sdg", minor: 96)
        path.above = [
            VolumeFacts.Relative("dm-0", number: DeviceNumber(major: 253, minor: 0), identity: "36000c29ffff")
        ]
        #expect(Self.failures(path) == ["not-divided", "not-a-target"])
        var named = Sample.volume("sdh", minor: 112)
        named.node?.identity = "36000c29ffff"
        #expect(Self.failures(named) == ["not-a-target"])
    }

    @Test(arguments: [
        ("nfs4", "host:/x"), ("cifs", "//host/x"), ("9p", "host"), ("tmpfs", "tmpfs"), ("overlay", "overlay"),
    ])
    func `network and memory are refused`(type: String, source: String) {
        let mount = MountEntry(
            source: source, target: Sample.path, type: type, device: DeviceNumber(major: 0, minor: 50))
        let facts = VolumeFacts(name: source, node: nil, size: .gibibytes(100), mounts: [mount])
        #expect(Self.failures(facts) == ["permanent", "working-filesystem"])
        #expect(RetentionCandidate(facts, in: Sample.context).reasons[0].contains(type))
        #expect(Self.failures(Sample.volume("zram0", kind: .memory)) == ["permanent"])
    }

    @Test func `candidates are shown all, offered ones first`() {
        let volumes = [
            Sample.volume("sdb", minor: 16, size: .zero), Sample.volume("sdc"),
            Sample.volume("sdd", minor: 48, signatures: [Self.xfs()]),
        ]
        let candidates = RetentionCandidate.all(volumes, in: Sample.context)
        #expect(candidates.map(\.facts.name) == ["sdd", "sdc", "sdb"])
        #expect(candidates.map(\.verdict) == [.offered, .offeredAfterPreparation, .refused])
    }

    @Test func `ids are unique and every outcome is a sentence`() {
        #expect(Set(RetentionRule.all.map(\.id)).count == RetentionRule.all.count)
        for rule in RetentionRule.all {
            #expect(rule.evaluate(Sample.volume(), in: Sample.context).sentence.hasSuffix("."))
        }
    }
}

@Suite struct BlockTreeTests {
    static let tree = BlockTree([
        BlockTree.Node("sda", number: Sample.number(0), size: .gibibytes(10)),
        BlockTree.Node(
            "sda1", number: Sample.number(1), kind: .partition, size: .gibibytes(9), parts: [Sample.number(0)]),
        BlockTree.Node("sdb", number: Sample.number(16), size: .gibibytes(10)),
        BlockTree.Node(
            "dm-0", number: DeviceNumber(major: 253, minor: 0), kind: .mapper, size: .gibibytes(19),
            parts: [Sample.number(1), Sample.number(16)]),
    ])

    @Test func `a stack is followed down and up`() {
        #expect(Self.tree.below(DeviceNumber(major: 253, minor: 0)).map(\.name) == ["sda1", "sdb", "sda"])
        #expect(Self.tree.above(Sample.number(0)).map(\.name) == ["sda1", "dm-0"])
        #expect(Self.tree.stack(Sample.number(1)) == [Sample.number(1), Sample.number(0)])
        #expect(Self.tree.below(Sample.number(99)).isEmpty)
    }

    @Test func `a circle ends`() {
        let tree = BlockTree([
            BlockTree.Node("a", number: Sample.number(1), size: .zero, parts: [Sample.number(2)]),
            BlockTree.Node("b", number: Sample.number(2), size: .zero, parts: [Sample.number(1)]),
        ])
        #expect(tree.below(Sample.number(1)).map(\.name) == ["b"])
    }

    @Test func `this machine's devices can be read`() throws {
        let tree = try BlockTree.read()
        #expect(tree.nodes.values.allSatisfy { !$0.name.isEmpty })
        #expect(try BlockTree.read(sysfs: "/nowhere").nodes.isEmpty)
    }
}
