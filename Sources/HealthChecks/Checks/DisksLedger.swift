// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let disksLedger = HealthCheck(
        "disks.ledger", "The disks are those that were seen before, where and as large as they were.", needs: .ledger
    ) { ledger, _ in
        var observations = Observations()
        for change in ledger.changes {
            let severity: Severity =
                switch change.kind {
                case .identity, .size: .critical
                case .gone: change.isBound ? .critical : .warning
                case .address: .warning
                }
            observations.note(
                severity, change.sentence,
                remedy: change.remedy.isEmpty
                    ? "Look at 'mtctl disks', and put back what was changed by mistake." : change.remedy)
        }
        return observations.finding(otherwise: "All \(ledger.known) known disks are as they were.")
    }
}
