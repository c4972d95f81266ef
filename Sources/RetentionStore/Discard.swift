// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

extension RetentionGroup {
    /// Gives up every point before the latest: after a commit, on the operator's word. Blocks until that is durable.
    ///
    /// The applier's thread carries it out, which is the only one that lets files of history go.
    ///
    /// - Throws: `.notAccepting` while a reader holds a point, a rewind is under way or history is being given up
    ///   already. Nothing was given up then.
    public func discardHistory() throws(RetentionError) {
        try drain()
        try orderDiscard()
        let isRunning = threads.withLock { $0 != nil }
        // Without threads of its own the group is its caller's.
        if !isRunning { _ = try Maintenance(shared: shared).carryOutDiscard() }
        while true {
            let (outcome, failure) = shared.state.withLock { state -> (RetentionError??, RetentionError?) in
                guard case .done(let refusal) = state.discard else { return (nil, state.failure) }
                state.discard = .none
                return (refusal, nil)
            }
            if let failure { throw failure }
            if let outcome {
                if let refusal = outcome { throw refusal }
                return
            }
            pauseBriefly()
        }
    }

    private func orderDiscard() throws(RetentionError) {
        let refusal = shared.state.withLock { state -> RetentionError? in
            if let refusal = Self.whyHistoryStays(state) { return refusal }
            guard case .none = state.discard else {
                return RetentionError(.notAccepting, "The history of this group is being given up already.")
            }
            state.discard = .ordered
            return nil
        }
        if let refusal { throw refusal }
        shared.applyBell.ring()
    }

    /// What keeps all of history: nil when nothing does.
    static func whyHistoryStays(_ state: GroupState) -> RetentionError? {
        if let failure = state.failure { return failure }
        if !state.pins.isEmpty {
            return RetentionError(
                .notAccepting,
                "A point of this group is being read, so its history cannot be given up. End the reading and try again."
            )
        }
        if state.openRewinds > 0 {
            return RetentionError(
                .notAccepting, "The disks of this group are being rewound. Wait until that has ended.")
        }
        return nil
    }
}

extension Maintenance {
    /// Gives history up if that was ordered; false when it was not. A reader that came meanwhile wins.
    func carryOutDiscard() throws(RetentionError) -> Bool {
        let dropped = shared.state.withLock { state -> [SealedEpoch]? in
            guard case .ordered = state.discard else { return nil }
            if let refusal = RetentionGroup.whyHistoryStays(state) {
                state.discard = .done(refusal)
                return []
            }
            state.discarded = max(state.discarded, state.durable.previous)
            // The last one tells a start where to resume.
            let dropped = Array(state.sealed.dropLast())
            state.sealed.removeFirst(dropped.count)
            return dropped
        }
        guard let dropped else { return false }
        if shared.state.withLock({ if case .done = $0.discard { true } else { false } }) { return true }
        // First of all it is in the state file that they are given up: what a crash leaves of them is no point.
        try shared.writeSlot()
        for epoch in dropped { try remove(epoch) }
        while try dropOldestRedo() {}
        do {
            _ = try shared.files.removeFree()
        } catch {
            throw .retention(error)
        }
        shared.state.withLock { $0.discard = .done(nil) }
        return true
    }
}
