// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import RetentionVolume
import StoragePrimitives
import Testing

@Suite struct PreparationPlanTests {
    static let bare = PreparationPlan.Surroundings(hasSystemd: true, hasFolder: false)

    static func plan(
        _ facts: VolumeFacts, destroying: Set<String> = [], isAdopting: Bool = false,
        surroundings: PreparationPlan.Surroundings = bare
    ) throws -> PreparationPlan {
        try PreparationPlan(
            PreparationRequest(
                volume: facts.name, uuid: Sample.uuid, destroying: destroying, isAdopting: isAdopting),
            for: facts, in: Sample.context, surroundings: surroundings)
    }

    static func refusal(_ facts: VolumeFacts, destroying: Set<String> = []) -> RetentionVolumeError? {
        #expect(throws: RetentionVolumeError.self) { try plan(facts, destroying: destroying) }
    }

    static func unit(_ type: String = "xfs") throws -> MountUnit {
        try MountUnit(path: Sample.path, uuid: Sample.uuid, type: type)
    }

    static let format = PreparationStep.Format(
        devnode: "/dev/sdc", device: Sample.number(32), losing: [], filesystem: .xfs, uuid: Sample.uuid)

    @Test func `a blank disk gets a filesystem, a folder, a unit and is started`() throws {
        let plan = try Self.plan(Sample.volume())
        let unit = try Self.unit()
        #expect(
            plan.steps == [.format(Self.format), .makeFolder(Sample.path), .writeUnit(unit), .startUnit(unit)])
        #expect(plan.losing.isEmpty && plan.warnings.isEmpty && plan.uuid == Sample.uuid)
    }

    @Test func `without systemd it is mounted, and that is said`() throws {
        let plan = try Self.plan(Sample.volume(), surroundings: PreparationPlan.Surroundings(hasSystemd: false))
        #expect(
            plan.steps.last
                == .mount(
                    devnode: "/dev/sdc", path: Sample.path, type: "xfs", options: "noatime,nodev,nosuid,noexec"))
        #expect(plan.warnings.count == 1)
    }

    @Test func `whatever it carries has to be named, all of it`() throws {
        let signatures = [VolumeSignature("vfat", label: "EFI"), VolumeSignature("gpt", usage: .partitionTable)]
        let facts = Sample.volume(signatures: signatures)
        for named in [[], ["vfat"], ["gpt"], ["xfs"], ["vfat", "xfs"]] as [Set<String>] {
            let error = Self.refusal(facts, destroying: named)
            #expect(error?.code == .wouldDestroy)
            #expect(error?.description.contains("--yes-destroy vfat --yes-destroy gpt") == true)
            #expect(error?.description.contains("vfat \"EFI\", gpt") == true)
        }
        let plan = try Self.plan(facts, destroying: ["VFAT", "gpt"])
        #expect(plan.losing == ["gpt", "vfat"])
    }

    @Test func `a filesystem of somebody else's is neither lost nor used unasked`() throws {
        let facts = Sample.volume(signatures: [VolumeSignature("ext4", label: "data", uuid: "aa-1")])
        let error = Self.refusal(facts)
        #expect(error?.code == .wouldDestroy)
        #expect(error?.description.contains("--adopt") == true)
        let adopted = try Self.plan(facts, isAdopting: true)
        #expect(adopted.losing.isEmpty && adopted.uuid == "aa-1")
        #expect(adopted.steps.contains(.writeUnit(try MountUnit(path: Sample.path, uuid: "aa-1", type: "ext4"))))
        #expect(try Self.plan(facts, destroying: ["ext4"]).losing == ["ext4"])
    }

    @Test func `one of ours is used again`() throws {
        let ours = VolumeSignature("xfs", label: PreparationRequest.label, uuid: "bb-2")
        #expect(try Self.plan(Sample.volume(signatures: [ours])).losing.isEmpty)
        #expect(try Self.plan(Sample.volume(signatures: [ours])).uuid == "bb-2")
    }

    @Test func `what lasting rules refuse is refused whatever is named`() {
        for facts in [
            Sample.volume("sda1", minor: 1), Sample.volume("sdf", minor: 80), Sample.volume(isReadOnly: true),
            Sample.volume(size: .zero), Sample.volume(mounts: [Sample.mount("/dev/sdc", on: "/data")]),
            VolumeFacts(name: "tmpfs", node: nil, size: .gibibytes(9)),
        ] {
            #expect(Self.refusal(facts, destroying: ["xfs", "vfat"])?.code == .refused)
        }
    }

    @Test func `nothing is made on what is mounted, and nothing is mounted over something else`() throws {
        let mount = Sample.mount("/dev/sdc", on: Sample.path, type: "vfat")
        let facts = Sample.volume(signatures: [VolumeSignature("vfat")], mounts: [mount])
        #expect(Self.refusal(facts, destroying: ["vfat"])?.code == .refused)
        let other = PreparationPlan.Surroundings(
            hasSystemd: true, mounts: [Sample.mount("/dev/sdd", on: Sample.path, minor: 48)])
        let error = #expect(throws: RetentionVolumeError.self) {
            try Self.plan(Sample.volume(), surroundings: other)
        }
        #expect(error?.description.contains("/dev/sdd (xfs) is mounted") == true)
    }

    @Test(arguments: [true, false])
    func `once done there is nothing to do, even with the same consent`(hasSystemd: Bool) throws {
        let signature = VolumeSignature("xfs", label: "x", uuid: "old")
        let system = MemoryPreparation(
            MemoryPreparation.Machine(
                volumes: [Sample.volume(signatures: [signature])],
                surroundings: PreparationPlan.Surroundings(hasSystemd: hasSystemd, hasFolder: false)))
        func plan() throws -> PreparationPlan {
            let machine = system.machine
            let facts = try #require(machine.volumes["/dev/sdc"])
            return try Self.plan(facts, destroying: ["xfs"], surroundings: machine.surroundings)
        }
        try plan().apply(on: system)
        #expect(try plan().steps.isEmpty)
        #expect(system.machine.volumes["/dev/sdc"]?.mounts.map(\.target) == [Sample.path])
    }

    @Test func `stopped after any step, the same request goes on and ends the same`() throws {
        let surroundings = PreparationPlan.Surroundings(hasSystemd: true, hasFolder: false)
        let machine = MemoryPreparation.Machine(volumes: [Sample.volume()], surroundings: surroundings)
        let whole = MemoryPreparation(machine)
        try Self.plan(Sample.volume(), surroundings: surroundings).apply(on: whole)
        for steps in 0..<4 {
            let system = MemoryPreparation(machine)
            system.fail(after: steps)
            #expect(throws: RetentionVolumeError.self) {
                try Self.plan(Sample.volume(), surroundings: surroundings).apply(on: system)
            }
            system.fail(after: nil)
            let facts = try #require(system.machine.volumes["/dev/sdc"])
            try Self.plan(facts, surroundings: system.machine.surroundings).apply(on: system)
            #expect(system.machine == whole.machine)
        }
    }

    @Test func `a device that changed after the plan is left alone`() throws {
        let plan = try Self.plan(Sample.volume())
        let changed = Sample.volume(signatures: [VolumeSignature("ext4")])
        let system = MemoryPreparation(
            MemoryPreparation.Machine(volumes: [changed], surroundings: Self.bare))
        let error = #expect(throws: RetentionVolumeError.self) { try plan.apply(on: system) }
        #expect(error?.code == .changedMeanwhile)
        #expect(system.machine.volumes["/dev/sdc"] == changed)
    }

    @Test(arguments: RetentionVolumeError.Code.allCases)
    func `every error is a sentence`(code: RetentionVolumeError.Code) {
        let text = RetentionVolumeError(code, object: "it", detail: "why").description
        #expect(text.contains("it") && text.contains("why") && text.hasSuffix("."))
    }
}

@Suite struct MountUnitTests {
    @Test(arguments: [
        ("/mnt/retention", "mnt-retention"), ("/", "-"), ("/mnt/my-disk", #"mnt-my\x2ddisk"#),
        ("/.hidden/a.b", #"\x2ehidden-a.b"#), ("/a b", #"a\x20b"#), ("/\u{e9}", #"\xc3\xa9"#), ("/a:b_C9", "a:b_C9"),
    ])
    func `names are escaped as systemd-escape does`(path: String, name: String) {
        #expect(MountUnit.escape(path) == name)
    }

    @Test func `the unit mounts by identity and may fail`() throws {
        let unit = try MountUnit(path: "/mnt/retention", uuid: Sample.uuid, type: "xfs")
        #expect(unit.name == "mnt-retention.mount")
        #expect(unit.text.contains("\nWhat=/dev/disk/by-uuid/\(Sample.uuid)\nWhere=/mnt/retention\nType=xfs\n"))
        #expect(unit.text.contains("\nOptions=nofail,"))
        #expect(unit.text.hasSuffix("WantedBy=multi-user.target\n"))
    }

    @Test func `the unit of the package, to be filled in by hand, is the same`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let shipped = String(
            decoding: try Data(contentsOf: root.appending(path: "systemd/mnt-retention.mount")), as: UTF8.self)
        func settings(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.hasPrefix("#") } }
        let unit = try MountUnit(
            path: "/mnt/retention", uuid: "00000000-0000-0000-0000-000000000000", type: "xfs")
        #expect(settings(shipped) == settings(unit.text))
    }

    @Test(arguments: ["", "/", "mnt", "/mnt/", "/mnt//x", "/mnt/../etc", "/./x", "/mnt/\nx"])
    func `what is no folder to mount on is refused`(path: String) {
        let error = #expect(throws: RetentionVolumeError.self) {
            try MountUnit(path: path, uuid: Sample.uuid, type: "xfs")
        }
        #expect(error?.code == .badPath)
    }

    @Test(arguments: [("a\nb", "xfs"), ("", "xfs"), ("a", ""), ("a", "x\nExecStart=y"), ("../x", "xfs")])
    func `what is no filesystem does not get into a unit`(uuid: String, type: String) {
        #expect(throws: RetentionVolumeError.self) { try MountUnit(path: "/mnt/x", uuid: uuid, type: type) }
    }

    @Test func `random identities are of the form`() {
        let uuid = PreparationRequest.randomUUID()
        #expect(uuid.count == 36 && uuid != PreparationRequest.randomUUID())
        #expect(uuid.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
        #expect(Array(uuid)[14] == "4")
    }
}
