// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import RetentionStore
import StoragePrimitives
import Testing

/// A group that has history; a session's calls are made by hand.
extension TestAppliance {
    /// The group `g`, whose disk is bound to the image `a.img`, through its first sync, with batches of the bytes 1 to 3.
    func protect(size: String = "4MiB") async throws -> RetentionGroup {
        #expect(await mtctl("group", "create", "g").code == 0)
        let bound = await mtctl(
            "disk", "bind", "g", "--source", "s", "--target", "file:\(folder.path)/a.img", "--size", size, "--yes")
        #expect(bound.code == 0, "\(bound.errors)")
        return try await synchronize()
    }

    /// What a process server would bring to the group `g`.
    func synchronize() async throws -> RetentionGroup {
        let group = try #require(appliance.core.groups.find("g")?.retentionGroup)
        try group.beginSync(DiskNumber(0), kind: .initial)
        try group.appendSync(.block(0xEE))
        try group.endSync(DiskNumber(0), time: Timestamp.seconds(1_795_228_454), sourceSequence: 0, accuracy: .exact)
        try await until { group.ingestPosition.unsynced.isEmpty }
        for number in UInt64(1)...3 { try group.append(.block(UInt8(number)), of: .numbered(number), isLast: true) }
        try await until { group.status.appliedSource == 3 }
        try await waitFor(.protected)
        return group
    }

    /// The watch looks once a second; the state is asked for until then.
    func waitFor(_ state: GroupState) async throws {
        for _ in 0..<100 {
            let group = try await json(GroupReport.self, "group", "show", "g")
            if group.state == state { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the group did not become \(state)")
    }
}

/// What threads do, seen from outside; ten seconds at most.
func until(_ condition: () -> Bool) async throws {
    for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    #expect(condition())
}

extension BatchPart {
    /// A 4 KiB block of one byte at the disk's start.
    static func block(_ byte: UInt8) -> BatchPart {
        var buffer = AlignedBuffer(count: 4096)
        var span = buffer.mutableBytes
        for offset in 0..<4096 { span.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self) }
        var builder = PartBuilder(pool: BufferPool(retaining: .zero))
        builder.beginData(disk: DiskNumber(0), sector: 0, sectorCount: 8, checksum: Checksum(of: buffer.bytes))
        builder.fill(buffer.bytes)
        let isWhole = builder.endData()
        #expect(isWhole)
        return builder.take()
    }
}

extension BatchStamp {
    /// A batch a minute.
    static func numbered(_ number: UInt64) -> BatchStamp {
        let time = Timestamp.seconds(1_795_228_454 + Int64(number) * 60)
        return BatchStamp(sourceSequence: number, firstTime: time, lastTime: time, accuracy: .exact)
    }
}
