// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import StoragePrimitives

/// Serves a ``BlockDevice``: a point in time, read-only, or one with an overlay, to write to as well.
public final class DeviceExport: NBDExportedDisk {
    /// Finds where the disk differs from another point; nil for a context that it does not have. Blocks.
    public typealias Comparison = @Sendable (_ context: String) throws -> ChangedRanges

    /// What clients see.
    public let offer: NBDExportOffer
    private let device: any BlockDevice
    private let workers: NBDWorkers
    private let comparison: Comparison?
    /// Whether a context name of our own is one that the disk can answer for.
    private let hasContext: @Sendable (String) -> Bool

    /// `base:allocation` (NBD protocol, "Metadata querying").
    static let allocation = "base:allocation"
    /// What our own contexts begin with; a recovery point follows.
    public static let changedPrefix = "mastertarget:changed:"

    /// Contexts of our own on one connection: each keeps a bit for every 64 KiB of the disk.
    private static let mostComparisons = 4

    /// - Parameters:
    ///   - description: Words for people; empty for none.
    ///   - isWritable: Whether clients may write; the device has to take it.
    ///   - hasContext: Whether ``comparison`` has an answer for a whole context name.
    public init(
        name: String, description: String, device: any BlockDevice, isWritable: Bool, workers: NBDWorkers,
        hasContext: @escaping @Sendable (String) -> Bool = { _ in false }, comparison: Comparison? = nil
    ) {
        self.device = device
        self.workers = workers
        self.comparison = comparison
        self.hasContext = hasContext
        var flags: NBDTransmissionFlags = [.hasFlags, .sendsFlush, .sendsDF, .sendsCache, .canMultiConnect]
        if isWritable {
            // No trim: a disk in front of another would have to copy for it what it is meant to save.
            flags.formUnion([.sendsFUA, .sendsWriteZeroes])
        } else {
            flags.insert(.isReadOnly)
        }
        offer = NBDExportOffer(
            name: name, description: description, size: device.size.rawValue, flags: flags,
            minimumBlockSize: UInt32(device.logicalBlockSize), preferredBlockSize: 64 << 10,
            maximumBlockSize: UInt32(NBDLimit.readBytes))
    }

    /// `base:allocation`, and those that ``init(name:description:device:isWritable:workers:hasContext:comparison:)`` was told
    /// of, as many of them as one connection may have.
    public func contexts(matching queries: [String]) -> [String] {
        if queries.isEmpty { return [Self.allocation] }
        var found: [String] = []
        for query in queries {
            let name = query == "base:" ? Self.allocation : query
            guard !found.contains(name) else { continue }
            let isOurs = name != Self.allocation
            guard !isOurs || (found.count { $0 != Self.allocation } < Self.mostComparisons && hasContext(name))
            else { continue }
            found.append(name)
        }
        return found
    }

    /// Begins to serve a connection; the device's calls are made on the workers' threads.
    public func open(_ replies: NBDReplies, terms: NBDSessionTerms) -> any NBDDiskSession {
        DeviceSession(device: device, workers: workers, replies: replies, terms: terms, comparison: comparison)
    }
}
