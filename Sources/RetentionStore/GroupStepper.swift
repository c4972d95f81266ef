// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// The engines of a group without their threads: a simulation decides which goes next.
package struct GroupStepper {
    private let shared: GroupShared
    private let journal: JournalEngine
    private let applier: ApplyEngine
    private let maintenance: Maintenance

    package init(_ group: RetentionGroup, team: any IOTeam = SerialTeam()) {
        shared = group.shared
        journal = JournalEngine(group.shared)
        applier = ApplyEngine(group.shared, team: team)
        maintenance = Maintenance(shared: group.shared)
    }

    /// One group commit.
    package func stepJournal() throws(RetentionError) -> Bool {
        try failing { () throws(RetentionError) in try journal.step() }
    }

    /// One phase of one chunk.
    package func stepApplier() throws(RetentionError) -> Bool {
        try failing { () throws(RetentionError) in try applier.step() }
    }

    /// One step of tidying.
    package func stepMaintenance() throws(RetentionError) -> Bool {
        try failing { () throws(RetentionError) in try maintenance.step() }
    }

    /// Whether the journal's thread would go on now, were there one; takes the ring.
    package var isJournalCalled: Bool { shared.journalBell.wait(nanoseconds: 0) }

    package func writeSlot() throws(RetentionError) {
        try failing { () throws(RetentionError) in try shared.writeSlot() }
    }

    private func failing<Value>(_ body: () throws(RetentionError) -> Value) throws(RetentionError) -> Value {
        do throws(RetentionError) {
            return try body()
        } catch {
            shared.fail(error)
            throw error
        }
    }
}

extension RetentionGroup {
    /// Orders a rewind without waiting for it.
    package func orderRewind(to point: SequenceNumber) throws(RetentionError) { _ = try requestRewind(to: point) }

    /// Why the last rewind was taken back, if it was.
    package var rewindFailure: RetentionError? { shared.state.withLock { $0.rewindFailure } }

    /// Whether a point would be offered; throws why not.
    package func checkPoint(_ point: SequenceNumber) throws(RetentionError) {
        let state = shared.state.withLock { $0 }
        _ = try PointLocator.place(point, in: state)
    }
}
