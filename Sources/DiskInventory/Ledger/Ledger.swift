// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What is known of the disks that were ever here: one record for each identity.
public struct Ledger: Hashable, Sendable {
    /// What is known of one disk.
    public struct Record: Hashable, Sendable, Codable {
        /// Which disk.
        public let identity: DiskIdentity
        /// Bytes: as last seen, or, of a bound disk, as last accepted.
        public var size: ByteCount
        /// Where it was last attached, by every path; empty for what has no SCSI address.
        public var addresses: [SCSIAddress]
        /// Vendor and model, for people.
        public var model: String
        /// When it was first seen.
        public let firstSeen: Timestamp
        /// When it was last there.
        public var lastSeen: Timestamp
        /// Whether it was there at the last scan.
        public var isPresent: Bool
    }

    /// Records that are kept; the ones not seen for the longest go first, bound disks never.
    public static let mostRecords = 4096

    /// The records by identity.
    public private(set) var records: [DiskIdentity: Record] = [:]

    /// An empty ledger.
    public init() {}

    /// A ledger with these records.
    public init(_ records: [Record]) {
        self.records = Dictionary(records.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Writes down what a scan saw. The size of a bound disk stays what it was until it is accepted, so that a change
    /// is found again and again.
    ///
    /// - Parameters:
    ///   - bound: Disks that groups write to.
    ///   - now: When the scan was made.
    public mutating func note(_ scan: DiskScan, bound: Set<DiskIdentity>, at now: Timestamp) {
        let devices = Dictionary(grouping: scan.disks.filter { $0.isPhysical && $0.identity != nil }) { $0.identity }
        for (identity, paths) in devices {
            guard let identity, let first = paths.first else { continue }
            let addresses = paths.compactMap(\.address).sorted { "\($0)" < "\($1)" }
            let model = [first.vendor, first.model].compactMap(\.self).joined(separator: " ")
            var record =
                records[identity]
                ?? Record(
                    identity: identity, size: first.size, addresses: addresses, model: model, firstSeen: now,
                    lastSeen: now, isPresent: true)
            if !bound.contains(identity) { record.size = first.size }
            record.addresses = addresses
            record.model = model
            record.lastSeen = now
            record.isPresent = true
            records[identity] = record
        }
        for identity in Array(records.keys) where devices[identity] == nil { records[identity]?.isPresent = false }
        shrink(keeping: bound)
    }

    /// Takes the size of a disk as right from now on: after a group was extended, or a disk was put back.
    public mutating func accept(size: ByteCount, of identity: DiskIdentity) { records[identity]?.size = size }

    /// Drops what is known of a disk that will not come back.
    public mutating func forget(_ identity: DiskIdentity) { records[identity] = nil }

    private mutating func shrink(keeping bound: Set<DiskIdentity>) {
        guard records.count > Self.mostRecords else { return }
        let oldest = records.values.filter { !bound.contains($0.identity) && !$0.isPresent }
            .sorted { $0.lastSeen < $1.lastSeen }
        for record in oldest.prefix(records.count - Self.mostRecords) { records[record.identity] = nil }
    }
}
