// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives

// What a sender and an operator do.
extension Simulation {
    /// Sectors that carry a mark of when and where they were written.
    private func content(sectors: Int, mark: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        for sector in 0..<sectors {
            var value = mark &* 0x9E37_79B9 &+ UInt64(sector)
            for _ in 0..<64 {
                for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift * 8))) }
                value = value &* 6_364_136_223_846_793_005 &+ 1
            }
        }
        return bytes
    }

    private func part(into disks: inout HistoryModel.Disks) -> BatchPart {
        var builder = PartBuilder(pool: pool)
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let disk = Int.random(in: 0..<Self.diskCount, using: &random)
            let count = random.oneIn(6) ? Int.random(in: 1...64, using: &random) : Int.random(in: 1...6, using: &random)
            // Some places are written far more often than others.
            let limit = random.oneIn(3) ? Self.diskSectors - count : min(16, Self.diskSectors - count)
            let sector = Int.random(in: 0...limit, using: &random)
            let range = sector * 512..<(sector + count) * 512
            if random.oneIn(5) {
                builder.addZeroes(
                    disk: DiskNumber(UInt16(disk)), sector: UInt64(sector), sectorCount: UInt32(count))
                disks[disk].replaceSubrange(range, with: [UInt8](repeating: 0, count: count * 512))
            } else {
                let bytes = content(sectors: count, mark: random.next())
                guard builder.hasRoom(for: bytes.count) else { break }
                unsafe builder.beginData(
                    disk: DiskNumber(UInt16(disk)), sector: UInt64(sector), sectorCount: UInt32(count),
                    checksum: Checksum(of: bytes.span.bytes))
                unsafe builder.fill(bytes.span.bytes)
                _ = builder.endData()
                disks[disk].replaceSubrange(range, with: bytes)
            }
        }
        return builder.take()
    }

    func submitBatch() throws {
        guard group.ingestPosition.unsynced.isEmpty else { return }
        if openBatch != nil, random.oneIn(8) {
            group.abandonOpenBatch()
            openBatch = nil
            return
        }
        let source = group.ingestPosition.accepted + 1
        var disks = openBatch?.disks ?? model.latest.disks
        let part = part(into: &disks)
        let isLast = !random.oneIn(4)
        pass(seconds: Int64.random(in: 0...3, using: &random))
        let stamp = BatchStamp(
            sourceSequence: source, firstTime: sourceClock.now(), lastTime: sourceClock.now(), accuracy: .exact)
        try group.append(part, of: stamp, isLast: isLast)
        if isLast {
            model.append(disks, source: source, time: sourceClock.now())
            openBatch = nil
        } else {
            openBatch = (source, disks)
        }
    }

    func submitBookmark() throws {
        let isSenders = random.oneIn(2)
        let source = isSenders ? group.ingestPosition.accepted + 1 : 0
        let kind: Bookmark.Kind = random.oneIn(2) ? .applicationConsistent : .crashConsistent
        try group.append(
            Bookmark(kind: kind, label: "mark \(model.last)", time: sourceClock.now()), sourceSequence: source)
        model.append(model.latest.disks, source: source, time: sourceClock.now())
    }

    func submitRewind() throws {
        let target = SequenceNumber(UInt64.random(in: 0...model.last.rawValue, using: &random))
        // Only what is journaled can be ordered.
        guard target <= group.status.durable else { return }
        try group.orderRewind(to: target)
        log("rewind to \(target), as \(model.last.next)")
        openBatch = nil
        model.append(model.steps[Int(target.rawValue)].disks, source: 0, time: sourceClock.now())
    }

    /// Brings every disk that needs it into step.
    func syncAll() throws {
        do {
            for index in 0..<Self.diskCount where group.ingestPosition.unsynced.contains(DiskNumber(UInt16(index))) {
                try sync(index)
            }
        } catch let error as RetentionError {
            log("failed while syncing: \(error)")
            if power.isOff { try cutPower() } else { try restart() }
        }
    }

    func syncOne() throws {
        try settle()
        guard openBatch == nil else { return }
        try sync(Int.random(in: 0..<Self.diskCount, using: &random))
    }

    /// Sends all of a disk, in parts, while the engines run.
    private func sync(_ index: Int) throws {
        let number = DiskNumber(UInt16(index))
        log("sync of disk \(index)")
        try group.beginSync(number, kind: .initial)
        var unsynced = model.latest.unsynced
        unsynced.insert(index)
        // Content inside a sync is nobody's state: it is never compared.
        model.append(model.latest.disks, source: 0, time: sourceClock.now(), unsynced: unsynced)
        var content: [UInt8] = []
        var sector = 0
        while sector < Self.diskSectors {
            var builder = PartBuilder(pool: pool)
            let count = min(Self.diskSectors - sector, Int.random(in: 1...40, using: &random))
            if random.oneIn(3) {
                builder.addZeroes(disk: number, sector: UInt64(sector), sectorCount: UInt32(count))
                content.append(contentsOf: [UInt8](repeating: 0, count: count * 512))
            } else {
                let bytes = self.content(sectors: count, mark: random.next())
                unsafe builder.beginData(
                    disk: number, sector: UInt64(sector), sectorCount: UInt32(count),
                    checksum: Checksum(of: bytes.span.bytes))
                unsafe builder.fill(bytes.span.bytes)
                _ = builder.endData()
                content.append(contentsOf: bytes)
            }
            try group.appendSync(builder.take())
            sector += count
            if random.oneIn(2) { _ = try engines.stepJournal() }
            if random.oneIn(2) { _ = try engines.stepApplier() }
        }
        unsynced.remove(index)
        var disks = model.latest.disks
        disks[index] = content
        let source = group.ingestPosition.accepted
        try group.endSync(number, time: sourceClock.now(), sourceSequence: source, accuracy: .exact)
        model.append(disks, source: source, time: sourceClock.now(), unsynced: unsynced)
        try settle()
    }
}
