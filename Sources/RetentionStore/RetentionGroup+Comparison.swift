// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

extension RetentionGroup {
    /// Reads a target's digests at one position, to compare it with its source. Nothing is changed; waits until what was
    /// taken in is on the disk.
    ///
    /// - Parameters:
    ///   - sourceSequence: The sender's number that the target has to show: the last one that was taken in.
    ///   - then: Called on a thread of its own: with the digests, or with `.notAccepting` when the target did not stand
    ///     still at that position while it was read.
    public func digestAtRest(
        _ disk: DiskNumber, sectors: Range<UInt64>, granularity: Int, seed: UInt64, sourceSequence: UInt64,
        then: @escaping @Sendable (Result<[RangeDigest], RetentionError>) -> Void
    ) {
        guard let bound = shared.disks[disk], isDigestible(sectors, of: bound, granularity: granularity) else {
            return then(.failure(Self.noSuchRange(disk)))
        }
        onDigestThread { [self] in
            do throws(RetentionError) {
                while try !isAtRest(disk, at: sourceSequence) { pauseBriefly() }
                let digests = try TargetDigester.digest(
                    bound.target, sectors, granularity: granularity, seed: seed, team: DiskTeam.shared)
                guard try isAtRest(disk, at: sourceSequence) else { throw Self.moved(disk, sourceSequence) }
                then(.success(digests))
            } catch {
                then(.failure(error))
            }
        }
    }

    /// Whether the target shows exactly what the sender sent up to a number.
    ///
    /// - Throws: When it never will: more was taken in, a sync or a rewind began, or the group failed.
    private func isAtRest(_ disk: DiskNumber, at source: UInt64) throws(RetentionError) -> Bool {
        let (failure, isDisturbed, isApplied) = shared.state.withLock { state in
            (
                state.failure,
                state.acceptedSource != source || state.openBatch != nil || state.openRewinds > 0
                    || !state.openSyncs.isEmpty || !state.unsynced.isEmpty,
                state.appliedSource == source && state.pending.isEmpty && state.inJournal.isEmpty
                    && state.queue.isEmpty
            )
        }
        if let failure { throw failure }
        if isDisturbed { throw Self.moved(disk, source) }
        return isApplied
    }

    private static func moved(_ disk: DiskNumber, _ source: UInt64) -> RetentionError {
        RetentionError(
            .notAccepting,
            "The target of disk \(disk) did not stand still at number \(source) while it was compared. Compare it again."
        )
    }
}
