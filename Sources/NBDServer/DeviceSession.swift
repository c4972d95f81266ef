// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import StoragePrimitives
import Synchronization

/// The requests of a connection to a device. Each runs on the workers' threads, a long one piece by piece.
final class DeviceSession: NBDDiskSession {
    private let work: DeviceWork
    private let workers: NBDWorkers
    private let replies: NBDReplies
    /// The write whose bytes come: those of them that are not on their way to the disk.
    private var write: (run: WriteRun, bytes: ByteBuffer, offset: UInt64)?

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
        case .read: ReadRun(work: work, request: request).next(at: request.offset)
        case .write: write = (WriteRun(work: work, request: request), ByteBuffer(), request.offset)
        case .flush: workers.run { [work] in work.perform(request) }
        case .writeZeroes:
            if request.flags.contains(.noHole) {
                ZeroRun(work: work, request: request).next(at: request.offset)
            } else {
                workers.run { [work] in work.perform(request) }
            }
        case .blockStatus: workers.run { [work] in work.status(request) }
        // A hint; nothing is kept that would be faster for it.
        case .cache: replies.acknowledge(request.cookie)
        case .trim, .disconnect, .resize:
            replies.fail(request.cookie, .invalid, "the export does not take this command")
        }
    }

    func fill(_ bytes: ByteBuffer, isLast: Bool) {
        guard var current = write else { return }
        write = nil
        var bytes = bytes
        while bytes.readableBytes > 0 {
            let (done, end) = (current.offset + UInt64(current.bytes.readableBytes), current.run.end)
            let room = min(NBDConnection.pieceBytes - current.bytes.readableBytes, Int(end - current.offset))
            if current.bytes.capacity == 0 {
                current.bytes.reserveCapacity(min(NBDConnection.pieceBytes, Int(end - done)))
            }
            guard var part = bytes.readSlice(length: min(bytes.readableBytes, room)) else { break }
            current.bytes.writeBuffer(&part)
            guard current.bytes.readableBytes == NBDConnection.pieceBytes || bytes.readableBytes == 0 && isLast else {
                continue
            }
            let piece = current.bytes
            let offset = current.offset
            current.offset += UInt64(piece.readableBytes)
            current.bytes = ByteBuffer()
            hand(piece, at: offset, of: current.run, isLast: current.offset == end)
        }
        if !isLast { write = current }
    }

    /// Gives a piece to the workers. While there is no memory for it, nothing more is taken from the network: each
    /// connection waits with one.
    private func hand(_ piece: ByteBuffer, at offset: UInt64, of run: WriteRun, isLast: Bool) {
        run.began(isLast: isLast)
        let held = piece.readableBytes
        if workers.runNow(holding: held, { run.write(piece, at: offset) }) { return }
        replies.hold()
        workers.run(holding: held) { [replies] in
            replies.goOn()
            run.write(piece, at: offset)
        }
    }

    func turnEnded() {}

    func ended() { work.end() }
}

/// A write under way: its pieces go to the disk as they come, and it is answered when all have.
private final class WriteRun: Sendable {
    private struct State {
        var pieces = 0
        var isWhole = false
        var failure: DeviceError?
    }

    private let work: DeviceWork
    private let request: NBDRequest
    private let state = Mutex(State())

    init(work: DeviceWork, request: NBDRequest) {
        self.work = work
        self.request = request
    }

    var end: UInt64 { request.end }

    func began(isLast: Bool) {
        state.withLock { state in
            state.pieces += 1
            state.isWhole = isLast
        }
    }

    func write(_ piece: ByteBuffer, at offset: UInt64) {
        var failure: DeviceError?
        do throws(DeviceError) {
            if !work.isOver { try work.write(piece, at: offset) }
        } catch {
            failure = error
        }
        work.workers.release(piece.readableBytes)
        let (isDone, first) = state.withLock { state in
            state.pieces -= 1
            state.failure = state.failure ?? failure
            return (state.isWhole && state.pieces == 0, state.failure)
        }
        guard isDone else { return }
        if let first { work.fail(request, first) } else { work.acknowledge(request) }
    }
}
