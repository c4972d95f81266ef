// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What the store reports.
extension ReceiverSession {
    /// What the caller does about a report of the store.
    public enum ReportAction: Hashable, Sendable {
        case send(Frame)
        case none
    }

    /// Every batch up to here is durable.
    public mutating func durable(through sequence: UInt64) -> ReportAction {
        report { open in
            guard sequence > open.lastDurable else { return .none }
            open.lastDurable = sequence
            return .send(.durable(Frame.Position(sequence: sequence)))
        }
    }

    /// Every batch up to here is on the target disks.
    public mutating func applied(through sequence: UInt64) -> ReportAction {
        report { open in
            guard sequence > open.lastApplied else { return .none }
            open.lastApplied = sequence
            return .send(.applied(Frame.Position(sequence: sequence)))
        }
    }

    /// Memory of that many bytes of data was given back: the sender may send as many more.
    public mutating func released(bytes: Int) -> ReportAction {
        report { open in
            guard bytes > 0 else { return .none }
            open.credit.permit(bytes)
            return .send(.credit(Frame.Credit(total: open.credit.permitted)))
        }
    }

    /// The comparison asked for by ``ReceivedAction/compare(_:_:sectors:)`` or
    /// ``ReceivedAction/compareAtRest(_:_:sectors:)`` is done; comparisons end in their order.
    ///
    /// - Parameter digests: Of the target, in the order of the question; a range that is missing counts as different.
    public mutating func compared(_ question: Frame.Digests, with digests: [RangeDigest]) -> ReportAction {
        let differing = question.digests.indices.map {
            !digests.indices.contains($0) || digests[$0] != question.digests[$0]
        }
        let answer = Frame.DigestAnswer(disk: question.disk, sector: question.sector, differing: differing)
        return report { open in
            // A question of another session, or one that was answered: nothing waits for it.
            open.syncs.answer(answer) == nil ? .send(.digestAnswer(answer)) : .none
        }
    }

    /// The end of the disk's sync is durable: from here on batches are taken.
    public mutating func syncDurable(_ disk: DiskNumber) -> ReportAction {
        report { open in
            open.syncs.durable(disk)
            return .send(.syncDurable(Frame.SyncDurable(disk: disk)))
        }
    }

    /// Something that the receiver tells the sender of its own accord: Throttle, BookmarkRequest or VerifyRequest.
    public mutating func tell(_ frame: Frame) -> ReportAction {
        report { open in
            if case .verifyRequest(let request) = frame { open.syncs.request(request) }
            return .send(frame)
        }
    }

    private mutating func report(_ body: (inout Open) -> ReportAction) -> ReportAction {
        switch consume state {
        case .awaitingHello:
            self = Self(.awaitingHello)
            return .none
        case .deciding(let hello):
            self = Self(.deciding(hello))
            return .none
        case .open(var open):
            let action = body(&open)
            self = Self(.open(open))
            return action
        case .closed:
            self = Self(.closed)
            return .none
        }
    }
}
