// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import StoragePrimitives

/// A read under way: one piece at a time, the next when the network has taken the one before, so that a long read holds
/// no more memory than a piece.
struct ReadRun: Sendable {
    let work: DeviceWork
    let request: NBDRequest

    /// A simple reply has one header, and nothing may come between it and all of its bytes: it is one piece, as is an
    /// answer that the client wants whole.
    private var isWhole: Bool { !work.replies.isStructured || request.flags.contains(.dontFragment) }

    func next(at position: UInt64) {
        let end = isWhole ? request.end : min(request.end, position + UInt64(NBDConnection.pieceBytes))
        let range = position..<end
        work.workers.run(holding: range.count) { read(range) }
    }

    private func read(_ range: Range<UInt64>) {
        let (workers, replies, held) = (work.workers, work.replies, range.count)
        guard !work.isOver else { return workers.release(held) }
        let isLast = range.upperBound == request.end
        // Memory is held until the network has taken the bytes: clients that do not read get no more of it.
        let sent: @Sendable (Bool) -> Void = { wasTaken in
            workers.release(held)
            if wasTaken, !isLast { next(at: range.upperBound) }
        }
        do throws(DeviceError) {
            if let bytes = try work.read(range, mayTellHoles: !isWhole) {
                replies.data(request.cookie, offset: range.lowerBound, bytes, isLast: isLast, then: sent)
            } else {
                replies.hole(request.cookie, offset: range.lowerBound, count: UInt32(held), isLast: isLast, then: sent)
            }
        } catch {
            workers.release(held)
            work.fail(request, error)
        }
    }
}

/// Zeroes that have to take room on the disk: written piece by piece, and others have their turn between them.
struct ZeroRun: Sendable {
    let work: DeviceWork
    let request: NBDRequest

    func next(at position: UInt64) {
        work.workers.run {
            guard !work.isOver else { return }
            let end = min(request.end, position + UInt64(NBDConnection.pieceBytes))
            do throws(DeviceError) {
                try work.writeZeroBytes(position..<end)
            } catch {
                return work.fail(request, error)
            }
            if end < request.end { next(at: end) } else { work.acknowledge(request) }
        }
    }
}

extension NBDRequest {
    /// One past the last byte; the request was checked to lie within its export.
    var end: UInt64 { offset + UInt64(length) }
}
