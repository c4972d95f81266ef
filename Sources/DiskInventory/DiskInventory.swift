// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// The disks of this machine, what is known of them, and what somebody has to know about them.
///
/// Calls block (sysfs, the ledger's file, disks): they are made on a disk thread.
public final class DiskInventory: Sendable {
    /// What one look at the machine brought.
    public struct Survey: Sendable {
        /// Every block device.
        public let scan: DiskScan
        /// What differs from what is known, and what is wrong, the worst first.
        public let findings: [DiskFinding]
        /// What reading through the paths of each multipath map has shown, by the map's name.
        public let proofs: [String: MapProof]
    }

    private let source: any DiskSource
    /// Held while it is written, so that two who looked at once do not write over each other.
    private let file: Mutex<LedgerFile>
    private let clock: any WallClock
    private let reader: MapReader
    private let newcomers = Newcomers()
    private let ledger: Mutex<Ledger>

    /// Reads the ledger.
    ///
    /// - Parameters:
    ///   - source: Where devices are looked up.
    ///   - state: The appliance's state folder, which has the ledger.
    ///   - reader: Who reads through the paths of maps; by default this machine's devices are read.
    /// - Throws: ``InventoryError`` where there is a ledger that cannot be used: without it no disk is known.
    public init(
        source: any DiskSource, state: any StoreFolder, clock: any WallClock, reader: MapReader? = nil
    ) throws(InventoryError) {
        self.source = source
        self.clock = clock
        self.reader = reader ?? MapReader(clock: clock)
        let file = LedgerFile(state)
        self.file = Mutex(file)
        ledger = Mutex(try file.load())
    }

    /// Every block device, as of now. The ledger stays as it is.
    public func scan() throws(InventoryError) -> DiskScan {
        do {
            return try source.scan()
        } catch {
            throw InventoryError(.scanFailed, "The block devices cannot be listed (\(error)).", cause: error)
        }
    }

    /// Looks at every device, compares it with the ledger, and brings the ledger up to date: at start, after every
    /// change, before every assignment. The paths of maps are read and compared where that was not done of late, or
    /// where they are not the same paths.
    ///
    /// - Parameters:
    ///   - bound: Disks that groups write to.
    ///   - validity: How old may be what was read through the same paths, in nanoseconds.
    public func survey(
        bound: Set<DiskIdentity>, readingMapsAfter validity: Int64 = MapReader.validity
    ) throws(InventoryError) -> Survey {
        var scan = try scan()
        if Self.hasMixedMap(scan) {
            // A path that comes or goes while it is looked at is not what it is: only what shows twice is so.
            scan = try self.scan()
        }
        let proofs = proofs(scan, within: validity)
        let now = clock.now()
        let arriving = newcomers.arriving(in: scan, at: now)
        let (findings, before, after) = ledger.withLock { ledger in
            let before = ledger
            let findings = LedgerFindings.findings(
                scan, ledger: ledger, bound: bound, proofs: proofs, arriving: arriving)
            ledger.note(scan, bound: bound, at: now)
            return (findings, before, ledger)
        }
        if Self.isWorthWriting(after, over: before) { try save() }
        return Survey(scan: scan, findings: findings, proofs: proofs)
    }

    private static func hasMixedMap(_ scan: DiskScan) -> Bool {
        scan.disks.contains { map in
            map.kind == .multipathMap && !MapProof.differences(among: scan.paths(of: map)).isEmpty
        }
    }

    private func proofs(_ scan: DiskScan, within validity: Int64) -> [String: MapProof] {
        let maps = scan.disks.filter { $0.kind == .multipathMap }
        reader.keep(Set(maps.map(\.name)))
        return Dictionary(
            maps.map { ($0.name, reader.proof(of: $0, in: scan, within: validity)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Reads through the paths of a map now, whatever was read before: before it is taken into use.
    public func prove(_ map: Disk, in scan: DiskScan) -> MapProof { reader.read(map, in: scan) }

    /// The device to write to a target by. Where it is a map, its paths are compared again after the first writes, at
    /// the places written; the flush fails when they are two disks.
    ///
    /// - Parameters:
    ///   - device: The target's device, open.
    ///   - identity: Which disk it is.
    public func watched(
        _ device: any BlockDevice, of identity: DiskIdentity, in scan: DiskScan, steady: any SteadyClock
    ) -> any BlockDevice {
        guard scan.target(identity)?.kind == .multipathMap else { return device }
        return WatchedMap(device, places: reader.places(of: identity), steady: steady) { [source, reader] in
            // A machine that cannot be looked at proves nothing; the next flush asks again.
            guard let scan = try? source.scan(), let map = scan.target(identity), map.kind == .multipathMap else {
                return nil
            }
            return reader.read(map, in: scan)
        }
    }

    /// Changes of the machine's devices, until the reader ends. Every one means: survey again.
    public func changes() throws(InventoryError) -> AsyncStream<DiskChange> {
        do {
            return try source.changes()
        } catch {
            throw InventoryError(
                .scanFailed, "Changes of the block devices cannot be followed (\(error)).", cause: error)
        }
    }

    /// What is known of every disk that was ever here.
    public var known: Ledger { ledger.withLock { $0 } }

    /// Takes the size of a disk as right from now on.
    public func accept(size: ByteCount, of identity: DiskIdentity) throws(InventoryError) {
        ledger.withLock { $0.accept(size: size, of: identity) }
        try save()
    }

    /// Drops what is known of a disk that will not come back.
    public func forget(_ identity: DiskIdentity) throws(InventoryError) {
        ledger.withLock { $0.forget(identity) }
        try save()
    }

    /// Writes what is known by now.
    private func save() throws(InventoryError) {
        try file.withLock { (file) throws(InventoryError) in try file.save(ledger.withLock { $0 }) }
    }

    /// A minute of "last seen" is not worth a write; everything else is.
    private static let seenGranularity: Int64 = 60 * 1_000_000_000

    private static func isWorthWriting(_ after: Ledger, over before: Ledger) -> Bool {
        guard after.records.count == before.records.count else { return true }
        return after.records.values.contains { record in
            guard var old = before.records[record.identity] else { return true }
            if record.lastSeen.nanoseconds(since: old.lastSeen) >= seenGranularity { return true }
            old.lastSeen = record.lastSeen
            return old != record
        }
    }
}
