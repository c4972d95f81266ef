// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
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

    /// The longest request to a disk that is written to, whose bytes are gathered whole.
    private static let writableMaximum: UInt32 = 4 << 20

    /// - Parameters:
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
            flags.formUnion([.sendsFUA, .sendsTrim, .sendsWriteZeroes])
        } else {
            flags.insert(.isReadOnly)
        }
        offer = NBDExportOffer(
            name: name, description: description, size: device.size.rawValue, flags: flags,
            minimumBlockSize: UInt32(device.logicalBlockSize), preferredBlockSize: 64 << 10,
            maximumBlockSize: isWritable ? Self.writableMaximum : UInt32(NBDLimit.readBytes))
    }

    public func contexts(matching queries: [String]) -> [String] {
        if queries.isEmpty { return [Self.allocation] }
        var found: [String] = []
        for query in queries {
            let name = query == "base:" ? Self.allocation : query
            guard name == Self.allocation || hasContext(name), !found.contains(name) else { continue }
            found.append(name)
        }
        return found
    }

    public func open(_ replies: NBDReplies, terms: NBDSessionTerms) -> any NBDDiskSession {
        DeviceSession(device: device, workers: workers, replies: replies, terms: terms, comparison: comparison)
    }
}

/// The requests of a connection to a device. Each runs on a thread of its own, a long read piece by piece.
final class DeviceSession: NBDDiskSession {
    private let work: DeviceWork
    private let workers: NBDWorkers
    private let replies: NBDReplies
    private var write: (request: NBDRequest, bytes: ByteBuffer)?

    init(
        device: any BlockDevice, workers: NBDWorkers, replies: NBDReplies, terms: NBDSessionTerms,
        comparison: DeviceExport.Comparison?
    ) {
        self.workers = workers
        self.replies = replies
        work = DeviceWork(
            device: device, workers: workers, replies: replies, contexts: terms.contexts, comparison: comparison)
    }

    func perform(_ request: NBDRequest) {
        switch request.command {
        case .read:
            ReadRun(work: work, request: request).next(at: request.offset, isFirst: true)
        case .write: write = (request, ByteBuffer())
        case .flush, .trim, .writeZeroes, .blockStatus:
            workers.run { [work] in work.perform(request) }
        // A hint; nothing is kept that would be faster for it.
        case .cache: replies.acknowledge(request.cookie)
        case .disconnect, .resize: replies.fail(request.cookie, .invalid, "the export does not take this command")
        }
    }

    func fill(_ bytes: ByteBuffer, isLast: Bool) {
        guard var current = write else { return }
        write = nil
        if current.bytes.readableBytes == 0, isLast {
            current.bytes = bytes
        } else {
            if current.bytes.readableBytes == 0 { current.bytes.reserveCapacity(Int(current.request.length)) }
            var bytes = bytes
            current.bytes.writeBuffer(&bytes)
        }
        guard isLast else {
            write = current
            return
        }
        let (request, payload) = current
        workers.run { [work] in work.write(request, payload) }
    }

    func turnEnded() {}

    func ended() { work.end() }
}
