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
    }

    private let source: any DiskSource
    private let file: LedgerFile
    private let clock: any WallClock
    private let ledger: Mutex<Ledger>

    /// Reads the ledger.
    ///
    /// - Parameters:
    ///   - source: Where devices are looked up.
    ///   - state: The appliance's state folder, which has the ledger.
    /// - Throws: ``InventoryError`` where there is a ledger that cannot be used: without it no disk is known.
    public init(source: any DiskSource, state: any StoreFolder, clock: any WallClock) throws(InventoryError) {
        self.source = source
        self.clock = clock
        file = LedgerFile(state)
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
    /// change, before every assignment.
    ///
    /// - Parameter bound: Disks that groups write to.
    public func survey(bound: Set<DiskIdentity>) throws(InventoryError) -> Survey {
        let scan = try scan()
        let now = clock.now()
        let (findings, before, after) = ledger.withLock { ledger in
            let before = ledger
            let findings = LedgerFindings.findings(scan, ledger: ledger, bound: bound)
            ledger.note(scan, bound: bound, at: now)
            return (findings, before, ledger)
        }
        if Self.isWorthWriting(after, over: before) { try file.save(after) }
        return Survey(scan: scan, findings: findings)
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
        try file.save(
            ledger.withLock { ledger in
                ledger.accept(size: size, of: identity)
                return ledger
            })
    }

    /// Drops what is known of a disk that will not come back.
    public func forget(_ identity: DiskIdentity) throws(InventoryError) {
        try file.save(
            ledger.withLock { ledger in
                ledger.forget(identity)
                return ledger
            })
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
