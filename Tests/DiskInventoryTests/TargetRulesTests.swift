// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import StoragePrimitives
import Testing

/// Which devices may become targets, and with what words the others are refused.
struct TargetRulesTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let scan: DiskScan
        var device = "sdc"
        var requirement = TargetRules.Requirement(size: .mebibytes(64))
        /// The rules that refuse, with a part of the sentence.
        var refused: [TargetRule: String]
        var testDescription: String { name }
    }

    private static func mount(_ disk: Disk, _ partition: Int? = nil, at place: String) -> Mount {
        Mount(
            deviceNumber: partition.map { disk.partitions[$0].deviceNumber } ?? disk.deviceNumber, mountPoint: place,
            filesystem: "xfs", source: "/dev/x")
    }

    private static let plain = disk("sdc", first, address: "0:0:1:0")
    private static let partitioned = disk("sdc", first, address: "0:0:1:0") {
        var part = Partition(
            name: "sdc1", deviceNumber: DeviceNumber(major: 8, minor: 33), start: ByteOffset(1 << 20),
            size: .mebibytes(32))
        $0.partitions = [part]
        part.name = "sdc2"
        $0.partitions.append(
            Partition(
                name: "sdc2", deviceNumber: DeviceNumber(major: 8, minor: 34), start: ByteOffset(33 << 20),
                size: .mebibytes(31)))
    }
    private static let paths = [
        disk("sdc", first, address: "0:0:1:0") { $0.holders = ["dm-0"] },
        disk("sdd", first, address: "1:0:1:0") { $0.holders = ["dm-0"] },
    ]
    private static let multipath = machine(paths + [map("dm-0", over: ["sdc", "sdd"])])
    private static func requirement(_ proof: MapProof?, wasBelieved: Bool = false) -> TargetRules.Requirement {
        var requirement = TargetRules.Requirement(size: .mebibytes(64), proof: proof)
        requirement.wasBelieved = wasBelieved
        return requirement
    }
    /// What reading brings; a path without bytes cannot be read.
    private static func proof(_ paths: [(String, UInt8?)] = [("sdc", 0), ("sdd", 0)]) -> MapProof {
        MapProof.compare(paths.map { (name: $0, device: SameBytes($1)) }, at: [.zero])
    }

    static let cases: [Case] = [
        Case(name: "a free disk", scan: machine([plain]), refused: [:]),
        Case(name: "a free disk with partitions", scan: machine([partitioned]), refused: [:]),
        Case(
            name: "mounted", scan: machine([plain], mounts: [mount(plain, at: "/data")]),
            refused: [.notMounted: "sdc is mounted on /data."]),
        Case(
            name: "a mounted partition", scan: machine([partitioned], mounts: [mount(partitioned, 0, at: "/data")]),
            refused: [.notMounted: "sdc holds partition sdc1, mounted on /data."]),
        Case(
            name: "swap on a partition", scan: machine([partitioned], swaps: ["/dev/sdc2"]),
            refused: [.notSwap: "sdc holds partition sdc2, in use as swap.", .notOfTheSystem: "sdc carries swap."]),
        Case(
            name: "held by LVM",
            scan: {
                var held = partitioned
                held.partitions[1].holders = ["dm-3"]
                var volume = Disk(
                    name: "dm-3", deviceNumber: DeviceNumber(major: 254, minor: 3), kind: .deviceMapper,
                    size: .mebibytes(8))
                volume.mapName = "vg-data"
                volume.slaves = ["sdc2"]
                return machine([held, volume])
            }(), refused: [.notHeld: "sdc holds partition sdc2, held by dm-3 (vg-data)."]),
        Case(
            name: "the root disk", scan: machine([partitioned], mounts: [mount(partitioned, 0, at: "/")]),
            refused: [
                .notMounted: "mounted on /", .notOfTheSystem: "sdc carries the system and the appliance's state.",
            ]),
        Case(
            name: "the retention disk",
            scan: machine([partitioned], mounts: [mount(partitioned, 0, at: "/mnt/retention")]),
            refused: [.notMounted: "/mnt/retention", .notOfTheSystem: "the retention volume"]),
        Case(name: "no identity", scan: machine([disk("sdc")]), refused: [.identity: "disk.EnableUUID"]),
        Case(
            name: "two disks with one identity",
            scan: machine([plain, disk("sdd", first, address: "0:0:2:0")]),
            refused: [.unique: "sdc and sdd answer with one identity"]),
        Case(
            name: "read-only", scan: machine([disk("sdc", first) { $0.isReadOnly = true }]),
            refused: [.writable: "sdc is read-only."]),
        Case(
            name: "too small", scan: machine([disk("sdc", first, size: .mebibytes(63))]),
            refused: [.largeEnough: "sdc has 63 MiB (66060288 bytes), and the source has 64 MiB (67108864 bytes)."]),
        Case(
            name: "large blocks", scan: machine([disk("sdc", first) { $0.logicalBlockSize = 4096 }]),
            requirement: TargetRules.Requirement(size: ByteCount(UInt64(512 * 3))),
            refused: [.blockSize: "sdc has blocks of 4096 bytes"]),
        Case(
            name: "bound to another group", scan: machine([plain]),
            requirement: TargetRules.Requirement(size: .mebibytes(64), bound: [identity(first): "erp"]),
            refused: [.notBound: "bound to group erp already."]),
        Case(
            name: "a path", scan: multipath,
            refused: [
                .mapNotPath: "sdc is a path of multipath map mpath_dm-0 (dm-0); the map is the target, never a path."
            ]),
        Case(
            name: "a map that nobody compared", scan: multipath, device: "dm-0",
            refused: [.mapBelieved: "what its paths (sdc and sdd) read was not compared."]),
        Case(
            name: "a map whose paths read the same", scan: multipath, device: "dm-0",
            requirement: requirement(proof()),
            refused: [:]),
        Case(
            name: "a map whose paths read different bytes", scan: multipath, device: "dm-0",
            requirement: requirement(proof([("sdc", 1), ("sdd", 2)])),
            refused: [.mapBelieved: "sdc and sdd read different bytes at 0"]),
        Case(
            name: "a map with a path that cannot be read", scan: multipath, device: "dm-0",
            requirement: requirement(proof([("sdc", 1), ("sdd", nil)])),
            refused: [.mapBelieved: "sdd could not be read"]),
        Case(
            name: "a map in use that lost a path", scan: multipath, device: "dm-0",
            requirement: requirement(proof([("sdc", 1), ("sdd", nil)]), wasBelieved: true), refused: [:]),
        Case(
            name: "a map in use that lost all paths", scan: multipath, device: "dm-0",
            requirement: requirement(proof([("sdc", nil), ("sdd", nil)]), wasBelieved: true), refused: [:]),
        Case(
            name: "a map in use whose paths differ now", scan: multipath, device: "dm-0",
            requirement: requirement(proof([("sdc", 1), ("sdd", 2)]), wasBelieved: true),
            refused: [.mapBelieved: "is not believed any more: sdc and sdd read different bytes"]),
        Case(
            name: "a map that got another path since", scan: multipath, device: "dm-0",
            requirement: requirement(proof([("sdc", 0)])), refused: [.mapBelieved: "were compared"]),
        Case(
            name: "a map over two identities",
            scan: machine([paths[0], disk("sdd", second) { $0.holders = ["dm-0"] }, map("dm-0", over: ["sdc", "sdd"])]),
            device: "dm-0",
            refused: [.identity: "do not answer with one identity", .mapBelieved: "have no identity in common"]),
        Case(
            name: "a loop device",
            scan: machine([
                {
                    var loop = Disk(
                        name: "loop3", deviceNumber: DeviceNumber(major: 7, minor: 3), kind: .loop, size: .mebibytes(64)
                    )
                    loop.backingFile = "/srv/image"
                    return loop
                }()
            ]), device: "loop3",
            refused: [.identity: "because it is no disk", .wholeDisk: "loop3 is made of the file /srv/image"]),
        Case(
            name: "several at once",
            scan: machine(
                [disk("sdc", size: .mebibytes(1)) { $0.isReadOnly = true }],
                mounts: [mount(disk("sdc"), at: "/a")]),
            refused: [.identity: "no identity", .writable: "read-only", .largeEnough: "1 MiB", .notMounted: "/a"]),
    ]

    @Test(arguments: cases)
    func `every rule that is broken is told with its evidence, and no other`(sample: Case) throws {
        let device = try #require(sample.scan.disk(named: sample.device))
        let verdict = TargetRules(open: { _ in nil }).judge(device, in: sample.scan, for: sample.requirement)
        let refused = verdict.lines.filter { $0.refusal != nil }
        #expect(Set(refused.map(\.rule)) == Set(sample.refused.keys), "\(verdict.refusals)")
        for line in refused {
            #expect(line.refusal?.contains(sample.refused[line.rule] ?? "") == true, "\(line)")
            #expect(line.refusal?.hasSuffix(".") == true)
        }
        #expect(verdict.lines.map(\.rule) == TargetRule.allCases)
        #expect(verdict.isAccepted == sample.refused.isEmpty)
    }

    @Test func `a device that something else has open is refused`() {
        let scan = machine([Self.plain])
        let rules = TargetRules { DeviceError(.busy, operation: "open", object: $0) }
        let verdict = rules.judge(identity(first), in: scan, for: .init(size: .mebibytes(1)))
        #expect(
            verdict.refusals == [
                "sdc cannot be opened exclusively: something has it in use; lsblk and fuser show what."
            ])
        #expect(rules.judge(identity(third), in: scan, for: .init(size: .mebibytes(1))).refusals.count == 1)
    }

    @Test func `a name is refused with the identity to write instead`() throws {
        let scan = machine([Self.partitioned, disk("sdd")] + [map("dm-0", over: [])])
        for name in ["/dev/sdc", "/dev/sdc1", "sdc"] {
            let error = #expect(throws: InventoryError.self) { try TargetRules.identity(name, in: scan) }
            #expect(error?.code == .notAnIdentity)
            #expect(error?.message.contains("Write 3\(first) instead") == true)
        }
        for (name, words) in [
            ("/dev/disk/by-id/x", "mtctl disks"), ("/dev/sdd", "disk.EnableUUID"),
            ("/dev/mapper/mpath_dm-0", "no identity"),
            ("rubbish", "is no disk's identity"), ("", "is no disk's identity"),
        ] {
            let error = #expect(throws: InventoryError.self) { try TargetRules.identity(name, in: scan) }
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
        #expect(try TargetRules.identity("3" + first, in: scan) == identity(first))
    }
}

/// A disk that reads one value everywhere, or cannot be read.
final class SameBytes: BlockDevice {
    let name = "same"
    let size = ByteCount.mebibytes(64)
    let logicalBlockSize = 512
    private let value: UInt8?

    init(_ value: UInt8?) { self.value = value }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        guard let value else { throw DeviceError(.inputOutput, operation: "pread", object: name, offset: offset) }
        for index in 0..<buffer.byteCount { buffer.storeBytes(of: value, toByteOffset: index, as: UInt8.self) }
    }
    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) {}
    func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {}
    func flush() throws(DeviceError) {}
}
