// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import DiskInventory
import LinuxSystem
import StoragePrimitives
import Testing

/// The machine's disks as groups need them, on machines that are not there.
@Suite struct DiskDeskTests {
    private struct Bench {
        let folder: TestFolder
        let source: RecordedDiskSource
        let keepers = RecordedKeepers()
        let desk: DiskDesk

        init(_ scan: DiskScan, in folder: TestFolder? = nil) throws {
            self.folder = try folder ?? TestFolder()
            source = RecordedDiskSource(scan)
            let inventory = try DiskInventory(
                source: source, state: try DirectoryFolder(path: self.folder.path), clock: SystemClock())
            desk = DiskDesk(
                inventory: inventory, rules: TargetRules(open: { _ in nil }),
                keepers: .init { [keepers] in try keepers.install($0, $1) }, logger: .silent)
        }

        func node(_ target: String, isNew: Bool = true) throws -> String {
            try desk.device(of: target, size: .mebibytes(64), for: "shop", isNew: isNew).node
        }

        func refusal(_ target: String, isNew: Bool = true) -> ControlFailure? {
            do {
                _ = try node(target, isNew: isNew)
                return nil
            } catch { return error as? ControlFailure }
        }
    }

    private static let (first, second) = (Recorded.first, Recorded.second)
    private static let two = Recorded.scan(
        Recorded.disk("sdb", first), Recorded.disk("sdc", second, address: "0:0:2:0"))

    @Test(arguments: ["/dev/sdb", "sdb"]) func `a name is refused with the identity to use instead`(
        name: String
    ) throws {
        let failure = try #require(Bench(Self.two).refusal(name))
        #expect(failure.code == .invalidRequest)
        #expect(failure.message.contains(Self.first))
    }

    @Test func `disks that swap their names are found by identity, and that is no trouble`() throws {
        let bench = try Bench(Self.two)
        #expect(try bench.node(Self.first) == "/dev/sdb")
        let next = try Bench(
            Recorded.scan(
                Recorded.disk("sdb", Self.second, address: "0:0:2:0"), Recorded.disk("sdc", Self.first)),
            in: bench.folder)
        next.desk.claim([Self.first], for: "shop")
        #expect(try next.node(Self.first, isNew: false) == "/dev/sdc")
        #expect(try next.desk.survey().findings.isEmpty)
    }

    @Test func `a second device with the identity stops the group, and none of both is opened`() throws {
        let bench = try Bench(Self.two)
        bench.desk.claim([Self.first], for: "shop")
        #expect(try bench.node(Self.first, isNew: false) == "/dev/sdb")
        bench.source.replace(
            with: Recorded.scan(Recorded.disk("sdb", Self.first), Recorded.disk("sdd", Self.first, address: "0:0:3:0")))
        let troubles = bench.desk.troubles(try bench.desk.survey())
        #expect(troubles.map(\.group) == ["shop", "shop"].prefix(troubles.count).map(\.self))
        let duplicate = try #require(troubles.first { $0.finding.kind == .duplicateIdentity })
        #expect(duplicate.finding.stopsGroup)
        let failure = try #require(bench.refusal(Self.first, isNew: false))
        #expect(failure.message.contains("sdb") && failure.message.contains("sdd"))
    }

    @Test func `what is unplugged and plugged troubles only the group that writes to it`() throws {
        let bench = try Bench(Self.two)
        bench.desk.claim([Self.first], for: "shop")
        bench.desk.claim([Self.second], for: "mail")
        try bench.desk.survey()
        bench.source.replace(with: Recorded.scan(Recorded.disk("sdb", Self.first)))
        let gone = bench.desk.troubles(try bench.desk.survey())
        #expect(gone.map(\.group) == ["mail"])
        #expect(gone.first?.finding.kind == .gone)
        #expect(gone.first?.finding.degradesGroup == true)
        #expect(try bench.node(Self.first, isNew: false) == "/dev/sdb")
        #expect(bench.refusal(Self.second, isNew: false)?.code == .unavailable)
        bench.source.replace(with: Self.two)
        #expect(bench.desk.troubles(try bench.desk.survey()).isEmpty)
        let mail = try bench.desk.device(of: Self.second, size: .mebibytes(64), for: "mail", isNew: false)
        #expect(mail.node == "/dev/sdc")
    }

    @Test func `a look that fails does not hold up what was seen before, and the next one works`() throws {
        let bench = try Bench(Self.two)
        bench.desk.claim([Self.first], for: "shop")
        try bench.desk.survey()
        bench.source.fail(DeviceError(.inputOutput, operation: "read", object: "/proc/self/mountinfo"))
        #expect(throws: ControlFailure.self) { try bench.desk.survey() }
        #expect(try bench.node(Self.first, isNew: false) == "/dev/sdb")
        bench.source.replace(with: Self.two)
        #expect(try bench.node(Self.second) == "/dev/sdc")
    }

    @Test func `disks come and go while others are bound`() async throws {
        let bench = try Bench(Self.two)
        let others = (0..<200).map { index in
            Recorded.scan(
                Recorded.disk("sdb", Self.first),
                Recorded.disk("sd\(index)", index % 3 == 0 ? nil : Self.second, address: "0:0:\(index + 4):0"))
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { for scan in others { bench.source.replace(with: scan) } }
            for _ in 0..<4 {
                tasks.addTask {
                    for _ in 0..<50 {
                        let node = try bench.node(Self.first)
                        #expect(node == "/dev/sdb")
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }

    @Test func `bound disks are guarded, and released ones no longer`() throws {
        let bench = try Bench(Self.two)
        bench.desk.claim([Self.first, "file:/images/a"], for: "shop")
        #expect(bench.keepers.last?.bound == [Self.first])
        #expect(bench.keepers.last?.changed == ["sdb"])
        bench.desk.claim([Self.first, "file:/images/a"], for: "shop")
        #expect(bench.keepers.count == 1)
        bench.desk.claim([Self.second], for: "mail")
        #expect(bench.keepers.last?.bound == [Self.first, Self.second])
        #expect(bench.keepers.last?.changed == ["sdc"])
        bench.desk.claim([], for: "shop")
        #expect(bench.keepers.last?.bound == [Self.second])
        #expect(bench.keepers.last?.changed == ["sdb"])
        bench.keepers.fail(DeviceError(.readOnly, operation: "open", object: "/etc/udev/rules.d"))
        bench.desk.claim([], for: "mail")
        #expect(bench.desk.guardFailure?.contains("/etc/udev/rules.d") == true)
        bench.keepers.fail(nil)
        bench.desk.claim([Self.first], for: "shop")
        #expect(bench.desk.guardFailure == nil)
    }

    @Test func `a disk that grew stops its group until its size is accepted, and a smaller one is not`() throws {
        let bench = try Bench(Self.two)
        bench.desk.claim([Self.first], for: "shop")
        try bench.desk.survey()
        #expect(try bench.desk.accept(Self.first).contains("nothing was changed"))
        func resize(_ size: ByteCount) {
            bench.source.replace(with: Recorded.scan(Recorded.disk("sdb", Self.first, size: size)))
        }
        resize(.mebibytes(128))
        #expect(bench.desk.troubles(try bench.desk.survey()).first?.finding.kind == .grown)
        #expect(bench.refusal(Self.first, isNew: false)?.message.contains("has grown") == true)
        #expect(try bench.desk.accept(Self.first).contains("128"))
        #expect(bench.desk.troubles(try bench.desk.survey()).isEmpty)
        #expect(try bench.node(Self.first, isNew: false) == "/dev/sdb")
        resize(.mebibytes(96))
        #expect(throws: ControlFailure.self) { try bench.desk.accept(Self.first) }
        #expect(bench.refusal(Self.first, isNew: false)?.message.contains("has shrunk") == true)
        #expect(throws: ControlFailure.self) { try bench.desk.accept("/dev/sdb") }
        #expect(throws: ControlFailure.self) { try bench.desk.accept(Self.second) }
    }

    @Test func `a disk that grew before it was bound is nobody's trouble`() throws {
        let bench = try Bench(Self.two)
        try bench.desk.survey()
        bench.source.replace(with: Recorded.scan(Recorded.disk("sdb", Self.first, size: .mebibytes(128))))
        #expect(try bench.node(Self.first) == "/dev/sdb")
    }

    @Test func `only a disk that is gone and nobody's is forgotten`() throws {
        let bench = try Bench(Self.two)
        try bench.desk.survey()
        func code(_ identity: String) -> ControlFailure.Code? {
            do {
                _ = try bench.desk.forget(identity)
                return nil
            } catch { return error.code }
        }
        #expect(code(Self.second) == .refused)
        bench.desk.claim([Self.second], for: "mail")
        bench.source.replace(with: Recorded.scan(Recorded.disk("sdb", Self.first)))
        #expect(code(Self.second) == .refused)
        bench.desk.claim([], for: "mail")
        #expect(code(Self.second) == nil)
        #expect(code(Self.second) == .notFound)
        #expect(try bench.desk.survey().findings.isEmpty)
    }

    @Test func `a map is opened where its paths read the same, and refused where they do not`() throws {
        let folder = try TestFolder()
        for name in ["a", "b"] {
            try folder.write(String(repeating: "x", count: 8192), to: name)
            try DirectoryFolder(path: folder.path).open(name).truncate(to: .mebibytes(64))
        }
        // Nodes below /dev are what is opened: these lead to the files.
        let paths = [
            Recorded.disk("../\(folder.path.dropFirst())/a", Self.first),
            Recorded.disk("../\(folder.path.dropFirst())/b", Self.first, address: "1:0:1:0"),
        ]
        let map = Recorded.map("dm-0", Self.first, over: paths)
        let bench = try Bench(Recorded.scan(paths[0], paths[1], map))
        #expect(try bench.node(Self.first) == "/dev/dm-0")
        #expect(try bench.desk.report().disks.map(\.device) == ["dm-0"])
        try folder.write(String(repeating: "y", count: 8192), to: "b")
        try DirectoryFolder(path: folder.path).open("b").truncate(to: .mebibytes(64))
        let failure = try #require(bench.refusal(Self.first))
        #expect(failure.code == .refused)
        #expect(failure.message.contains("is not believed"))
        #expect(try bench.desk.report().disks.first?.refusals.contains { $0.contains("is not believed") } == true)
    }
}
