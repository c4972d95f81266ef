// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What an open batch has held so far.
struct BatchProgress: Sendable {
    let begin: Frame.BatchBegin
    private(set) var extentCount: UInt64 = 0
    private(set) var dataBytes: UInt64 = 0

    init(_ begin: Frame.BatchBegin) { self.begin = begin }

    mutating func add(dataBytes bytes: Int) {
        // A peer would need centuries to overflow either.
        extentCount &+= 1
        dataBytes &+= UInt64(bytes)
    }

    func end(at lastTime: Timestamp) -> Frame.BatchEnd {
        Frame.BatchEnd(
            sequence: begin.sequence, lastTime: lastTime, extentCount: extentCount, dataBytes: dataBytes)
    }

    /// What is wrong with ending the batch so, or nil.
    func violation(of end: Frame.BatchEnd) -> ProtocolError? {
        guard end.sequence == begin.sequence, end.extentCount == extentCount, end.dataBytes == dataBytes else {
            return ProtocolError(
                .batchMismatch,
                "BatchEnd \(end.sequence) announces \(end.extentCount) extents and \(end.dataBytes) bytes; batch "
                    + "\(begin.sequence) held \(extentCount) and \(dataBytes).")
        }
        guard end.lastTime >= begin.firstTime else {
            return ProtocolError(.timesReversed, "Batch \(begin.sequence) ends at a time before its first write.")
        }
        return nil
    }
}
