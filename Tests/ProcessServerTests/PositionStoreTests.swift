// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer
import StoragePrimitives
import Testing

@Suite struct PositionStoreTests {
    static let size = ByteCount(1200 * ScanBlock.byteCount - 512)
    static let blocks: UInt64 = 1200
    static let seed: UInt64 = 42

    static func digest(_ value: UInt64) -> RangeDigest { RangeDigest(low: value, high: ~value) }

    /// A store whose one disk was synced at sequence 5, every block with digest 1.
    static func synced(_ folder: MemoryFolder) throws -> PositionStore {
        let store = try PositionStore(folder: folder, group: "g")
        try store.beginSync(of: "d", number: DiskNumber(3), size: size, seed: seed)
        var window = try window(store, sink: .file)
        for block in 0..<blocks { try window.set(digest(1), of: block) }
        try window.finish()
        try store.finishSync(of: "d", at: 5)
        return store
    }

    static func window(_ store: PositionStore, sink: DigestWindow.Sink) throws -> DigestWindow {
        let disk = try #require(store.disk("d"))
        return DigestWindow(
            file: try store.digestFile(of: disk), disk: disk.number, seed: disk.seed, blocks: blocks, sink: sink)
    }

    /// The digests of all blocks: 1 before the pass, 2 for those it changed.
    static func remembered(_ store: PositionStore) throws -> [UInt64] {
        var window = try window(store, sink: .file)
        var values: [UInt64] = []
        for block in 0..<blocks { values.append(try window.digest(of: block).low) }
        return values
    }

    static let before = [UInt64](repeating: 1, count: Int(blocks))
    static let after = (0..<blocks).map { $0 % 300 == 7 ? UInt64(2) : 1 }

    /// A whole pass at sequence 6 that changes some blocks, up to the receiver's word that it is durable.
    static func pass(_ store: PositionStore, bookmark: Position.Bookmark? = nil) throws {
        let pages = try store.beginPass()
        var window = try window(store, sink: .overlay(pages))
        for block in 0..<blocks where block % 300 == 7 { try window.set(digest(2), of: block) }
        try window.finish()
        try store.finishPass(pages, sequence: 6, bookmark: bookmark)
    }

    @Test func `a sync is remembered when it is confirmed`() throws {
        let folder = MemoryFolder()
        let store = try PositionStore(folder: folder, group: "g")
        try store.beginSync(of: "d", number: DiskNumber(3), size: Self.size, seed: Self.seed)
        #expect(store.disk("d")?.isSynced == false)
        let synced = try Self.synced(MemoryFolder())
        #expect(synced.disk("d")?.isSynced == true && synced.position.confirmed == 5)
        #expect(try Self.remembered(synced) == Self.before)
    }

    @Test func `another seed makes every digest unknown`() throws {
        let store = try Self.synced(MemoryFolder())
        try store.beginSync(of: "d", number: DiskNumber(3), size: Self.size, seed: 43)
        #expect(try Self.remembered(store).allSatisfy { $0 == 0 })
    }

    @Test func `a pending pass changes nothing until it is promoted`() throws {
        let store = try Self.synced(MemoryFolder())
        try Self.pass(store)
        #expect(store.position.pending?.sequence == 6)
        #expect(try Self.remembered(store) == Self.before)
        try store.promote(through: 6)
        #expect(try Self.remembered(store) == Self.after)
        #expect(store.position.pending == nil && store.position.confirmed == 6)
    }

    @Test func `a pass that is dropped leaves no trace`() throws {
        let folder = MemoryFolder()
        let store = try Self.synced(folder)
        try Self.pass(store)
        try store.dropPending()
        #expect(try Self.remembered(store) == Self.before)
        #expect(try folder.names().sorted().contains { $0.hasPrefix("pending") } == false)
    }

    @Test func `a pass that was abandoned is forgotten at the next start`() throws {
        let folder = MemoryFolder()
        let store = try Self.synced(folder)
        _ = try store.beginPass()
        let again = try PositionStore(folder: folder.afterCrash(keepingUnsynced: true), group: "g")
        _ = try again.beginPass()
        #expect(again.position.pending == nil)
    }

    /// A pass and its promotion, stopped after every possible number of changes to the folder, with the page cache lost
    /// and kept. Whatever is found afterwards is one of: before (nothing promised), pending, after.
    @Test(arguments: [true, false]) func `a crash at any change is mended`(keepsUnsynced: Bool) throws {
        let start = MemoryFolder()
        _ = try Self.synced(start)
        let files = start.afterCrash(keepingUnsynced: true).contents.withLock { $0.files }
        let whole = MemoryFolder(files)
        let store = try PositionStore(folder: whole, group: "g")
        try Self.pass(store)
        let changesOfPass = whole.changes
        try store.promote(through: 6)
        let changes = whole.changes
        #expect(changesOfPass > 4 && changes > changesOfPass + 4)

        for left in 0..<changes {
            let folder = MemoryFolder(files, changesLeft: left)
            var isPassFinished = false
            do {
                let store = try PositionStore(folder: folder, group: "g")
                try Self.pass(store)
                isPassFinished = true
                try store.promote(through: 6)
            } catch {
                #expect(error is ProcessServerError)
            }
            let found = try PositionStore(folder: folder.afterCrash(keepingUnsynced: keepsUnsynced), group: "g")
            let digests = try Self.remembered(found)
            if found.position.confirmed == 6 {
                #expect(digests == Self.after && found.position.pending == nil, "stopped after \(left) changes")
            } else {
                #expect(digests == Self.before && found.position.confirmed == 5, "stopped after \(left) changes")
                // What was promised before the end of the batch was sent is there.
                #expect(!isPassFinished || found.position.pending?.sequence == 6, "stopped after \(left) changes")
            }
            if found.position.pending != nil {
                try found.promote(through: 6)
                #expect(try Self.remembered(found) == Self.after)
            }
        }
    }

    @Test func `a damaged page is unknown, its neighbours are not`() throws {
        let folder = MemoryFolder()
        _ = try Self.synced(folder)
        let name = try #require(try folder.names().first { $0.hasPrefix("digests") })
        folder.contents.withLock { $0.files[name]?[4096 + 100] ^= 1 }
        let values = try Self.remembered(try PositionStore(folder: folder, group: "g"))
        #expect(values[0..<255].allSatisfy { $0 == 1 })
        #expect(values[255..<510].allSatisfy { $0 == 0 })
        #expect(values[510...].allSatisfy { $0 == 1 })
    }

    @Test func `damage in the pending pass means that the disks are compared again`() throws {
        let folder = MemoryFolder()
        let store = try Self.synced(folder)
        try Self.pass(store)
        folder.contents.withLock { $0.files["pending"]?[4096 + 100] ^= 1 }
        try store.promote(through: 6)
        #expect(store.disk("d")?.isSynced == false && store.position.pending == nil)
    }

    @Test func `a position that cannot be read is worth none`() throws {
        let folder = MemoryFolder()
        _ = try Self.synced(folder)
        folder.contents.withLock { $0.files["position"]?[0] = 0 }
        let store = try PositionStore(folder: folder, group: "g")
        #expect(store.wasDamaged && store.disk("d") == nil && store.position.confirmed == 0)
    }

    @Test func `a folder of another group is refused`() throws {
        let folder = MemoryFolder()
        _ = try Self.synced(folder)
        #expect(throws: ProcessServerError.self) { try PositionStore(folder: folder, group: "other") }
    }

    @Test func `the pending bookmark is remembered`() throws {
        let folder = MemoryFolder()
        let store = try Self.synced(folder)
        let bookmark = Position.Bookmark(
            idHigh: .max, idLow: 1, label: "nightly", isApplicationConsistent: true, time: Timestamp(nanoseconds: 5))
        try Self.pass(store, bookmark: bookmark)
        let again = try PositionStore(folder: folder.afterCrash(keepingUnsynced: false), group: "g")
        #expect(again.position.pending?.bookmark == bookmark)
    }
}
