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
    let comparison: DeviceExport.Comparison?
    let comparisons = Mutex<[String: ComparisonState]>([:])
    private let hasEnded = Mutex(false)

    /// A read of less is not asked for holes first.
    private static let leastHoleProbe = 64 << 10
    private static let zeroes = AlignedBuffer(count: NBDConnection.pieceBytes)

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

    /// A flush, or zeroes that may be a hole.
    func perform(_ request: NBDRequest) {
        guard !isOver else { return }
        do throws(DeviceError) {
            if request.command == .flush {
                try device.flush()
            } else {
                try device.writeZeroes(at: ByteOffset(request.offset), count: ByteCount(UInt64(request.length)))
            }
            acknowledge(request)
        } catch {
            fail(request, error)
        }
    }

    /// All of it was done, and is durable where that is wanted.
    func acknowledge(_ request: NBDRequest) {
        if request.flags.contains(.fua), request.command != .flush {
            do throws(DeviceError) {
                try device.flush()
            } catch {
                return fail(request, error)
            }
        }
        replies.acknowledge(request.cookie)
    }

    func fail(_ request: NBDRequest, _ error: DeviceError) {
        replies.fail(request.cookie, NBDReplyError(error), error.description)
    }

    func write(_ bytes: ByteBuffer, at offset: UInt64) throws(DeviceError) {
        // Direct I/O wants aligned memory.
        var buffer = AlignedBuffer(uninitialized: bytes.readableBytes)
        var span = buffer.mutableBytes
        span.replace(at: 0, with: bytes.readableBytesSpan)
        try device.write(buffer.bytes, at: ByteOffset(offset))
    }

    /// At most a piece.
    func writeZeroBytes(_ range: Range<UInt64>) throws(DeviceError) {
        try Self.zeroes.withBytes(0..<range.count) { (bytes) throws(DeviceError) in
            try device.write(bytes, at: ByteOffset(range.lowerBound))
        }
    }

    /// Reads a range, or finds it to be zeroes: nil.
    func read(_ range: Range<UInt64>, mayTellHoles: Bool) throws(DeviceError) -> ByteBuffer? {
        if mayTellHoles, range.count >= Self.leastHoleProbe, try device.firstDataRange(in: range) == nil { return nil }
        var buffer = AlignedBuffer(uninitialized: range.count)
        var span = buffer.mutableBytes
        try device.read(into: &span, at: ByteOffset(range.lowerBound))
        var bytes = ByteBufferAllocator().buffer(capacity: range.count)
        bytes.writeBytes(buffer.bytes)
        return bytes
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
