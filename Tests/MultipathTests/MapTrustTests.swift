// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Multipath
import RetentionSimulation
import StoragePrimitives
import Testing

@Suite struct MapTrustTests {
    static let size = ByteCount.mebibytes(64)

    static func path(
        _ devnode: String, _ address: String, serial: String? = "s1", designators: Set<String> = ["naa.6000c29"],
        size: ByteCount? = size, ports: Set<String> = []
    ) -> PathEvidence {
        PathEvidence(
            devnode: devnode, size: size, serialNumber: serial, designators: designators,
            address: SCSIAddress(address), targetPorts: ports)
    }

    static let same = PathSampler.Outcome.same(samples: 9, isBlank: false)

    static func doubts(_ paths: [PathEvidence], _ sampling: PathSampler.Outcome? = same) -> [MapTrust.Doubt] {
        guard case .doubted(_, let doubts) = MapTrust.judge(identity: "id", paths: paths, sampling: sampling) else {
            return []
        }
        return doubts
    }

    @Test func `paths that agree in all are believed`() {
        let paths = [Self.path("sdd", "0:0:1:3"), Self.path("sde", "1:0:1:0")]
        let trust = MapTrust.judge(identity: "id", paths: paths, sampling: Self.same)
        #expect(trust.isBelieved)
        #expect(trust.sentence == "sdd, sde agree in every respect and read the same at 9 places.")
        #expect(trust.remedy == nil)
    }

    @Test func `blank disks are believed with the reservation that they are blank`() {
        let paths = [Self.path("sdd", "0:0:1:3"), Self.path("sde", "1:0:1:0")]
        let trust = MapTrust.judge(identity: "id", paths: paths, sampling: .same(samples: 9, isBlank: true))
        guard case .believed(let belief) = trust else {
            Issue.record("it is not believed")
            return
        }
        #expect(belief.isBlank)
        #expect(trust.sentence.contains("all zeroes"))
    }

    @Test func `one path joins nothing, none is nothing`() {
        #expect(MapTrust.judge(identity: "id", paths: [Self.path("sda", "0:0:0:0")], sampling: nil).isBelieved)
        #expect(Self.doubts([]) == [.noPaths])
    }

    @Test func `every disagreement is a doubt of its own`() {
        let first = Self.path("sdb", "0:0:1:1")
        #expect(
            Self.doubts([first, Self.path("sdc", "1:0:1:1", size: .mebibytes(65))])
                == [.sizesDiffer(["sdb (0:0:1:1)": .mebibytes(64), "sdc (1:0:1:1)": .mebibytes(65)])])
        #expect(
            Self.doubts([first, Self.path("sdc", "1:0:1:1", serial: nil)])
                == [.serialNumbersDiffer(["sdb (0:0:1:1)": "s1", "sdc (1:0:1:1)": "none"])])
        #expect(
            Self.doubts([first, Self.path("sdc", "1:0:1:1", designators: ["naa.6000c29", "t10.x"])])
                == [.designatorsDiffer(["sdb (0:0:1:1)": [], "sdc (1:0:1:1)": ["t10.x"]])])
        #expect(Self.doubts([first, Self.path("sdc", "1:0:1:1", size: nil)]) == [.unknownSize(["sdc (1:0:1:1)"])])
        #expect(
            Self.doubts([first, Self.path("sdc", "1:0:1:1")], .different(ByteOffset(4096), [["sdb"], ["sdc"]]))
                == [.bytesDiffer(ByteOffset(4096), [["sdb"], ["sdc"]])])
        #expect(Self.doubts([first, Self.path("sdc", "1:0:1:1")], nil) == [.notSampled("it was not tried")])
        #expect(
            Self.doubts([first, Self.path("sdc", "1:0:1:1")], .unreadable("pread sdc: Input/output error"))
                == [.notSampled("pread sdc: Input/output error")])
        let bare = ["0:0:1:1", "1:0:1:1"].map { Self.path("sd", $0, serial: nil, designators: []) }
        #expect(Self.doubts(bare) == [.noIdentity(["sd (0:0:1:1)", "sd (1:0:1:1)"])])
    }

    @Test func `two units of one target are two disks, whatever else they say`() {
        // As recorded: two LUNs of one port that carry one identity.
        let clones = [Self.path("sdb", "0:0:1:1"), Self.path("sdc", "0:0:1:2")]
        #expect(Self.doubts(clones) == [.differentUnits(["sdb (0:0:1:1)", "sdc (0:0:1:2)"])])
        let three = clones + [Self.path("sdx", "2:0:0:0")]
        #expect(Self.doubts(three) == [.differentUnits(["sdb (0:0:1:1)", "sdc (0:0:1:2)"])])
        let trust = MapTrust.judge(identity: "3600", paths: clones, sampling: Self.same)
        #expect(
            trust.sentence
                == "sdb (0:0:1:1) and sdc (0:0:1:2) are different units of one target, so they are different disks. So "
                + "the map 3600 is not believed to be one disk, and none of its paths is used.")
        #expect(trust.remedy?.contains("Detach all but one") == true)
    }

    @Test func `one port behind several target numbers is one target`() {
        let port: Set<String> = ["naa.5001405"]
        let one = [Self.path("sdb", "0:0:1:1", ports: port), Self.path("sdc", "0:0:2:2", ports: port)]
        #expect(Self.doubts(one) == [.differentUnits(["sdb (0:0:1:1)", "sdc (0:0:2:2)"])])
        let two = [Self.path("sdb", "0:0:1:1", ports: port), Self.path("sdc", "1:0:2:2", ports: port)]
        #expect(Self.doubts(two).isEmpty)
        let unknown = [Self.path("sdb", "0:0:1:1"), Self.path("sdc", "0:0:2:2")]
        #expect(Self.doubts(unknown).isEmpty)
    }

    @Test func `what could not be asked has another remedy than what disagrees`() {
        let paths = [Self.path("sdb", "0:0:1:1"), Self.path("sdc", "1:0:1:1", size: nil)]
        let trust = MapTrust.judge(identity: "id", paths: paths, sampling: nil)
        #expect(trust.remedy?.contains("Bring every path up") == true)
    }

    @Test(arguments: ["", "1:2:3", "1:2:3:4:5", "a:0:0:0", "-1:0:0:0", "0:0:0:99999999999999999999"])
    func `what is no address is none`(text: String) { #expect(SCSIAddress(text) == nil) }
}

@Suite struct PathSamplerTests {
    private func disk(_ name: String, bytes: UInt64 = 64 << 20) -> SimulatedDisk {
        SimulatedDisk(name: name, size: ByteCount(bytes), power: SimulatedPower(seed: 1))
    }

    private func write(_ value: UInt8, to disk: SimulatedDisk, at offset: UInt64) throws {
        var buffer = AlignedBuffer(count: 4096)
        var span = buffer.mutableBytes
        span.storeBytes(of: value, toByteOffset: 77, as: UInt8.self)
        try disk.write(buffer.bytes, at: ByteOffset(offset))
    }

    private func compare(_ disks: [SimulatedDisk], seed: UInt64 = 5) -> PathSampler.Outcome {
        PathSampler.compare(disks.map { PathSampler.Path(devnode: $0.name, device: $0) }, seed: seed)
    }

    @Test func `one disk by two paths reads the same`() throws {
        let disk = disk("a")
        #expect(
            compare([disk, disk]) == .same(samples: PathSampler.offsets(size: disk.size, seed: 5).count, isBlank: true))
        try write(1, to: disk, at: 0)
        guard case .same(_, isBlank: false) = compare([disk, disk]) else {
            Issue.record("it differs from itself")
            return
        }
    }

    @Test(arguments: [0, 4096, 61_440, 1_048_576, 1_052_672, 67_104_768, 67_043_328] as [UInt64])
    func `clones that went apart are told apart where they do first`(offset: UInt64) throws {
        let (first, second) = (disk("a"), disk("b"))
        try write(1, to: first, at: offset)
        try write(2, to: second, at: offset)
        #expect(compare([first, second, first]) == .different(ByteOffset(offset), [["a", "a"], ["b"]]))
    }

    @Test func `a path that cannot be read is no agreement`() throws {
        let (first, second) = (disk("a"), disk("b", bytes: 2048))
        guard case .unreadable = compare([first, second]) else {
            Issue.record("it was compared")
            return
        }
        #expect(PathSampler.compare([], seed: 1) == .unreadable("there is no path"))
    }

    @Test(arguments: [0, 4095, 4096, 8192, 1_048_576, 67_108_864, 1_099_511_627_776, UInt64.max] as [UInt64])
    func `places lie within the disk, on blocks, each once`(size: UInt64) {
        for seed: UInt64 in [0, 1, 977, .max] {
            let places = PathSampler.offsets(size: ByteCount(size), seed: seed).map(\.rawValue)
            #expect(places == Array(Set(places)).sorted())
            #expect(places.allSatisfy { $0 % 4096 == 0 && $0 <= size - min(size, 4096) })
            #expect(places.isEmpty == (size < 4096))
            #expect(places.count <= 160)
        }
    }

    @Test func `other seeds look at other places`() {
        let size = ByteCount.gibibytes(100)
        #expect(PathSampler.offsets(size: size, seed: 1) != PathSampler.offsets(size: size, seed: 2))
    }
}
