// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import StoragePrimitives
import Synchronization

/// What a connection's requests do with a device, on the workers' threads.
final class DeviceWork: Sendable {
    let device: any BlockDevice
    let workers: NBDWorkers
    let replies: NBDReplies
    let contexts: [NBDContextBinding]
    private let comparison: DeviceExport.Comparison?
    /// Found when they are first asked for, once for a connection.
    private let changes = Mutex<[String: ChangedRanges]>([:])
    private let hasEnded = Mutex(false)

    /// The most stretches in one answer: 8 KiB of it.
    private static let maximumExtents = 1024
    /// A read of less is not asked for holes first.
    private static let leastHoleProbe = 64 << 10

    init(
        device: any BlockDevice, workers: NBDWorkers, replies: NBDReplies, contexts: [NBDContextBinding],
        comparison: DeviceExport.Comparison?
    ) {
        self.device = device
        self.workers = workers
        self.replies = replies
        self.contexts = contexts
        self.comparison = comparison
    }

    func end() { hasEnded.withLock { $0 = true } }

    /// Nobody waits for answers any more.
    var isOver: Bool { hasEnded.withLock { $0 } }

    func perform(_ request: NBDRequest) {
        guard !isOver else { return }
        do throws(DeviceError) {
            switch request.command {
            case .flush: try device.flush()
            case .trim, .writeZeroes:
                try device.writeZeroes(at: ByteOffset(request.offset), count: ByteCount(UInt64(request.length)))
                if request.flags.contains(.fua) { try device.flush() }
            case .blockStatus: return try status(request)
            case .read, .write, .cache, .disconnect, .resize: return
            }
            replies.acknowledge(request.cookie)
        } catch {
            fail(request, error)
        }
    }

    func write(_ request: NBDRequest, _ payload: ByteBuffer) {
        guard !isOver else { return }
        // Direct I/O wants aligned memory.
        var buffer = AlignedBuffer(uninitialized: payload.readableBytes)
        var span = buffer.mutableBytes
        span.replace(at: 0, with: payload.readableBytesSpan)
        do throws(DeviceError) {
            try device.write(buffer.bytes, at: ByteOffset(request.offset))
            if request.flags.contains(.fua) { try device.flush() }
            replies.acknowledge(request.cookie)
        } catch {
            fail(request, error)
        }
    }

    func fail(_ request: NBDRequest, _ error: DeviceError) {
        replies.fail(request.cookie, NBDReplyError(error), error.description)
    }

    /// Reads a piece, or finds it to be zeroes: nil.
    func read(_ range: Range<UInt64>, mayTellHoles: Bool) throws(DeviceError) -> ByteBuffer? {
        if mayTellHoles, range.count >= Self.leastHoleProbe, try device.firstDataRange(in: range) == nil { return nil }
        var buffer = AlignedBuffer(uninitialized: range.count)
        var span = buffer.mutableBytes
        try device.read(into: &span, at: ByteOffset(range.lowerBound))
        var bytes = ByteBufferAllocator().buffer(capacity: range.count)
        bytes.writeBytes(buffer.bytes)
        return bytes
    }

    // MARK: Block status

    private func status(_ request: NBDRequest) throws(DeviceError) {
        let range = request.offset..<request.offset + UInt64(request.length)
        let limit = request.flags.contains(.requestOne) ? 1 : Self.maximumExtents
        for (index, context) in contexts.enumerated() {
            let extents =
                context.name == DeviceExport.allocation
                ? try allocation(range, limit: limit) : try changed(range, context.name, limit: limit)
            replies.status(
                request.cookie, context: context.number, extents: extents, isLast: index == contexts.count - 1)
        }
    }

    private func allocation(_ range: Range<UInt64>, limit: Int) throws(DeviceError) -> [NBDExtent] {
        var extents: [NBDExtent] = []
        var position = range.lowerBound
        while position < range.upperBound, extents.count < limit {
            let data = try device.firstDataRange(in: position..<range.upperBound)
            let start = data?.lowerBound ?? range.upperBound
            if start > position {
                extents.append(NBDExtent(length: UInt32(start - position), flags: [.isHole, .isZero]))
            }
            guard let data, extents.count < limit else { break }
            extents.append(NBDExtent(length: UInt32(data.upperBound - start), flags: []))
            position = data.upperBound
        }
        return Self.joined(extents)
    }

    private func changed(_ range: Range<UInt64>, _ name: String, limit: Int) throws(DeviceError) -> [NBDExtent] {
        let map = try changes(name)
        var extents: [NBDExtent] = []
        var position = range.lowerBound
        while position < range.upperBound, extents.count < limit {
            let (isChanged, end) = map.stretch(at: position, limit: range.upperBound)
            extents.append(NBDExtent(length: UInt32(end - position), flags: isChanged ? .isDirty : []))
            position = end
        }
        return extents
    }

    private func changes(_ name: String) throws(DeviceError) -> ChangedRanges {
        if let known = changes.withLock({ $0[name] }) { return known }
        guard let comparison else {
            throw DeviceError(.notFound, operation: "compare", object: device.name, detail: "there is no such context")
        }
        do {
            let found = try comparison(name)
            changes.withLock { $0[name] = found }
            return found
        } catch {
            throw DeviceError(.inputOutput, operation: "compare", object: device.name, detail: "\(error)")
        }
    }

    /// Neighbours of one state are one stretch, as the protocol would like it.
    private static func joined(_ extents: [NBDExtent]) -> [NBDExtent] {
        var joined: [NBDExtent] = []
        for extent in extents {
            if let last = joined.last, last.flags == extent.flags {
                joined[joined.count - 1] = NBDExtent(length: last.length + extent.length, flags: last.flags)
            } else {
                joined.append(extent)
            }
        }
        return joined
    }
}

/// A read under way: one piece at a time, the next when the network has taken the one before, so that a long read holds
/// no more memory than a piece.
struct ReadRun: Sendable {
    let work: DeviceWork
    let request: NBDRequest

    private var end: UInt64 { request.offset + UInt64(request.length) }

    func next(at position: UInt64, isFirst: Bool) {
        let upper = min(end, position + UInt64(NBDConnection.pieceBytes))
        // An answer that may not be fragmented is one piece.
        let range = position..<(request.flags.contains(.dontFragment) ? end : upper)
        work.workers.run(holding: range.count) { read(range, isFirst: isFirst) }
    }

    private func read(_ range: Range<UInt64>, isFirst: Bool) {
        let (work, request, held, isLast) = (work, request, range.count, range.upperBound == end)
        guard !work.isOver else { return work.workers.release(held) }
        let mayTellHoles = work.replies.isStructured && !request.flags.contains(.dontFragment)
        // Memory is held until the network has taken the bytes: clients that do not read get no more of it.
        let sent: @Sendable (Bool) -> Void = { wasTaken in
            work.workers.release(held)
            if wasTaken, !isLast { next(at: range.upperBound, isFirst: false) }
        }
        do throws(DeviceError) {
            guard let bytes = try work.read(range, mayTellHoles: mayTellHoles) else {
                return work.replies.hole(
                    request.cookie, offset: range.lowerBound, count: UInt32(held), isLast: isLast, then: sent)
            }
            work.replies.data(
                request.cookie, offset: range.lowerBound, total: isFirst ? request.length : nil, bytes, isLast: isLast,
                then: sent)
        } catch {
            work.workers.release(held)
            guard isFirst || work.replies.isStructured else {
                return work.replies.cut("A read failed after its first bytes had gone out: \(error)")
            }
            work.fail(request, error)
        }
    }
}

extension NBDReplyError {
    /// The nearest word that the protocol has for it. Never success, and never zeroes in place of data.
    init(_ error: DeviceError) {
        self =
            switch error.code {
            case .noSpace: .noSpace
            case .readOnly, .permissionDenied: .notPermitted
            case .outOfRange: .invalid
            case .inputOutput, .busy, .notFound, .shortTransfer, .notADisk, .tooSmall, .exists: .inputOutput
            }
    }
}
