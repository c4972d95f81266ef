// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import RetentionSimulation
import StoragePrimitives
import Synchronization
import Testing

/// When the paths of a map are believed to be one disk.
struct MapProofTests {
    private static let base = disk("sdb", first, address: "0:0:1:0")

    @Test func `paths that agree in everything differ in nothing`() {
        #expect(MapProof.differences(among: [Self.base, disk("sdc", first, address: "1:0:1:0")]).isEmpty)
        #expect(MapProof.differences(among: [Self.base]).isEmpty)
        #expect(MapProof.differences(among: []) == ["It has no path."])
    }

    static let different: [(String, Disk, String)] = [
        ("size", disk("sdc", first, size: .mebibytes(65), address: "1:0:1:0"), "differ in size"),
        ("identity", disk("sdc", second, address: "1:0:1:0"), "no identity in common"),
        ("no identity", disk("sdc", address: "1:0:1:0"), "no identity in common"),
        ("serial", disk("sdc", first, address: "1:0:1:0") { $0.serialNumber = "x" }, "differ in serial number"),
        ("blocks", disk("sdc", first, address: "1:0:1:0") { $0.logicalBlockSize = 4096 }, "differ in block size"),
        ("model", disk("sdc", first, address: "1:0:1:0") { $0.model = "x" }, "vendor or model"),
        ("transport", disk("sdc", first, address: "1:0:1:0") { $0.transport = .iSCSI }, "attached in different ways"),
        ("two units of one target", disk("sdc", first, address: "0:0:1:7"), "units 0 and 7 of one target"),
        (
            "another designator",
            disk("sdc", address: "1:0:1:0") {
                var evidence = DiskIdentifiers.Evidence()
                evidence.deviceIdentification = page83(
                    designator(1, 3, hex(first)), designator(2, 1, Array("VMware  b".utf8)))
                $0.identifiers = DiskIdentifiers(evidence)
            }, "designators"
        ),
    ]

    @Test(arguments: different)
    func `a difference between paths is told`(name: String, other: Disk, words: String) {
        let sentences = MapProof.differences(among: [Self.base, other])
        #expect(sentences.contains { $0.contains(words) && $0.hasSuffix(".") }, "\(sentences)")
    }

    @Test func `two targets on a controller without ports are two disks, on a fabric they may be one`() {
        let other = disk("sdc", first, address: "0:0:2:0")
        #expect(MapProof.differences(among: [Self.base, other]).isEmpty)
        var (left, right) = (Self.base, other)
        left.transport = .virtual
        right.transport = .virtual
        #expect(MapProof.differences(among: [left, right]).count == 1)
    }

    @Test func `places are read at the start, at the first partition, at the end and in between`() {
        let size = ByteCount.gibibytes(1)
        let offsets = MapProof.sampleOffsets(size: size, seed: 1, written: [ByteOffset(12_345_678)])
        #expect(offsets.count > 90)
        #expect(offsets.contains(.zero))
        #expect(offsets.contains(ByteOffset(1 << 20)))
        #expect(offsets.contains(ByteOffset(size.rawValue - 4096)))
        #expect(offsets.contains(ByteOffset(12_345_678 / 4096 * 4096)))
        #expect(offsets.allSatisfy { $0.rawValue % 4096 == 0 && $0.rawValue + 4096 <= size.rawValue })
        #expect(offsets == MapProof.sampleOffsets(size: size, seed: 1, written: [ByteOffset(12_345_678)]))
        #expect(offsets != MapProof.sampleOffsets(size: size, seed: 2, written: [ByteOffset(12_345_678)]))
        #expect(MapProof.sampleOffsets(size: ByteCount(UInt64(4095)), seed: 1).isEmpty)
        #expect(MapProof.sampleOffsets(size: ByteCount(UInt64.max), seed: 1).count > 90)
    }

    @Test func `units behind one port of an array are two disks, behind two ports they may be one`() {
        func path(_ name: String, _ address: String, port: String) -> Disk {
            disk(name, address: address) {
                var evidence = DiskIdentifiers.Evidence()
                evidence.deviceIdentification = page83(
                    designator(1, 3, hex(first)), designator(1, 0x13, hex(port)))
                $0.identifiers = DiskIdentifiers(evidence)
            }
        }
        let (one, other) = ("5001405000000001", "5001405000000002")
        let left = path("sdb", "0:0:1:1", port: one)
        #expect(
            MapProof.differences(among: [left, path("sdc", "0:0:2:2", port: one)])
                == [
                    "sdb and sdc are units 1 and 2 behind one port of the array (0:0:1:1 and 0:0:2:2), so they are two disks."
                ])
        #expect(MapProof.differences(among: [left, path("sdc", "0:0:2:2", port: other)]).isEmpty)
        #expect(MapProof.differences(among: [left, path("sdc", "0:0:2:1", port: one)]).isEmpty)
        #expect(MapProof.differences(among: [left, path("sdc", "1:0:2:2", port: one)]).isEmpty)
    }

    private func simulated(_ name: String, bytes: UInt64 = 64 << 20) -> SimulatedDisk {
        SimulatedDisk(name: name, size: ByteCount(bytes), power: SimulatedPower(seed: 1))
    }

    private func write(_ value: UInt8, to disk: SimulatedDisk, at offset: UInt64) throws {
        var buffer = AlignedBuffer(count: 4096)
        var span = buffer.mutableBytes
        span.storeBytes(of: value, toByteOffset: 77, as: UInt8.self)
        try disk.write(buffer.bytes, at: ByteOffset(offset))
    }

    private func compare(_ disks: [any BlockDevice]) -> MapProof {
        let names = ["sda", "sdb", "sdc"]
        return MapProof.compare(
            zip(names, disks).map { (name: $0, device: $1) },
            at: MapProof.sampleOffsets(size: disks.map(\.size).min() ?? .zero, seed: 5))
    }

    @Test func `one disk by two paths reads the same, and a blank one says so`() throws {
        let disk = simulated("a")
        let blank = compare([disk, disk])
        #expect(blank.refusal == nil)
        #expect(blank.isBlank)
        #expect(blank.paths == ["sda", "sdb"])
        try write(1, to: disk, at: 0)
        let told = compare([disk, disk])
        #expect(told.refusal == nil)
        #expect(!told.isBlank)
        #expect(told.sampled == blank.sampled)
        #expect(told.informative == 1)
    }

    @Test(arguments: [0, 4096, 61_440, 1_048_576, 1_052_672, 67_104_768, 67_043_328] as [UInt64])
    func `clones that went apart are told apart where they do first`(offset: UInt64) throws {
        let (one, other) = (simulated("a"), simulated("b"))
        try write(1, to: one, at: offset)
        try write(2, to: other, at: offset)
        let proof = compare([one, one, other])
        #expect(
            proof.refusal == "sda and sdc read different bytes at \(offset), so they are two disks with one identity.")
        #expect(proof.difference == proof.refusal)
    }

    @Test func `a path that cannot be read is neither for nor against`() {
        let proof = compare([SameBytes(1), SameBytes(nil), SameBytes(1)])
        #expect(proof.paths == ["sda", "sdc"])
        #expect(proof.unread.map(\.path) == ["sdb"])
        #expect(proof.difference == nil)
        #expect(proof.refusal?.hasPrefix("sdb could not be read (pread same @ 0") == true)
        let first = compare([SameBytes(nil), SameBytes(1), SameBytes(2)])
        #expect(first.difference == "sdb and sdc read different bytes at 0, so they are two disks with one identity.")
        #expect(compare([SameBytes(nil), SameBytes(nil)]).refusal != nil)
        #expect(compare([]).refusal == "It has no path.")
        #expect(MapProof.compare([("sda", SameBytes(1))], at: []).refusal == "It could not be compared at any place.")
    }

    @Test func `a place that is being written to tells nothing, the others do`() throws {
        let disk = simulated("a")
        try write(7, to: disk, at: 4096)
        let proof = compare([Restless(disk, at: 0), disk])
        #expect(proof.refusal == nil)
        #expect(proof.informative == 1)
        let places = MapProof.sampleOffsets(size: disk.size, seed: 5).count
        #expect(proof.sampled == places - 1)
    }

    /// Reads something else at one place each time, as a disk that is written to.
    private final class Restless: BlockDevice {
        private let disk: SimulatedDisk
        private let place: ByteOffset
        private let count = Mutex(UInt8(0))
        init(_ disk: SimulatedDisk, at place: UInt64) {
            self.disk = disk
            self.place = ByteOffset(place)
        }
        var name: String { disk.name }
        var size: ByteCount { disk.size }
        var logicalBlockSize: Int { disk.logicalBlockSize }
        @_lifetime(buffer: copy buffer)
        func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
            try disk.read(into: &buffer, at: offset)
            guard offset == place else { return }
            let value = count.withLock { count in
                count &+= 1
                return count
            }
            buffer.storeBytes(of: value, toByteOffset: 9, as: UInt8.self)
        }
        func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) { try disk.write(bytes, at: offset) }
        func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
            try disk.writeZeroes(at: offset, count: count)
        }
        func flush() throws(DeviceError) { try disk.flush() }
    }
}
