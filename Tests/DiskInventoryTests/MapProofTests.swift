// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import StoragePrimitives
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

    @Test func `paths that read different bytes are two disks`() throws {
        let tree = try RecordedTree()
        let size = 4 << 20
        func image(_ name: String, _ place: Int?) throws -> DirectFile {
            try tree.file("/\(name)", [UInt8](repeating: 7, count: 8192) + [UInt8](repeating: 0, count: size - 8192))
            let file = try DirectFile(path: "\(tree.root)/\(name)", access: .readWrite)
            if let place {
                var buffer = AlignedBuffer(count: 4096)
                var span = buffer.mutableBytes
                unsafe span.replace(at: 100, with: [UInt8](arrayLiteral: 9).span.bytes)
                try file.write(buffer.bytes, at: ByteOffset(UInt64(place)))
            }
            return file
        }
        let offsets = MapProof.sampleOffsets(size: ByteCount(size), seed: 5)
        let (one, same) = (try image("a", nil), try image("b", nil))
        let equal = MapProof.compare([("sda", one), ("sdb", same)], at: offsets)
        #expect(equal.refusal == nil)
        #expect(equal.sampled == offsets.count)
        #expect(equal.informative == 2)
        let other = try image("c", size - 4096)
        let different = MapProof.compare([("sda", one), ("sdb", same), ("sdc", other)], at: offsets)
        #expect(
            different.refusal
                == "sda and sdc read different bytes at \(size - 4096), so they are two disks with one identity.")
        let short = MapProof.compare([("sda", one), ("sdb", same)], at: [ByteOffset(UInt64(size))])
        #expect(short.refusal?.contains("could not be read") == true)
        #expect(MapProof.compare([("sda", one)], at: []).refusal != nil)
    }
}
