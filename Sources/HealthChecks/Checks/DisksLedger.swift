// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let disksLedger = HealthCheck(
        "disks.ledger", "The disks are those that were seen before, where and as large as they were.", needs: .ledger
    ) { ledger, _ in
        var observations = Observations()
        for change in ledger.changes {
            switch change.kind {
            case .identity:
                observations.note(
                    .critical, change.sentence,
                    remedy:
                        "Find out whether Storage vMotion moved the disks or disk.EnableUUID was changed, and put it back: "
                        + "the group stays stopped until the disk is the one it knew. A disk that is gone for good is "
                        + "dropped with 'mtctl disk unbind' and 'mtctl disks forget'.")
            case .size:
                observations.note(
                    .critical, change.sentence,
                    remedy:
                        "If you enlarged the disk, say so with 'mtctl disks accept'; give one that shrank its old size back."
                )
            case .address:
                observations.note(
                    .warning, change.sentence,
                    remedy: "Make sure that the disk was moved on purpose; its identity is the same, so nothing stops.")
            case .gone:
                observations.note(
                    .warning, change.sentence,
                    remedy:
                        "Attach the disk again: its history is kept meanwhile. One that will not come back is dropped with "
                        + "'mtctl disk unbind' and 'mtctl disks forget'.")
            }
        }
        return observations.finding(otherwise: "All \(ledger.known) known disks are as they were.")
    }
}
