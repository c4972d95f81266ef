// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// One thing that has to hold for failback to work: what it is, which facts it needs, and how they are judged.
///
/// A check is a value in a file of its own under `Checks`; ``catalogue`` names them all. It judges facts and looks at
/// nothing by itself, so that it can be tested as a table.
public struct HealthCheck: Sendable {
    /// As the catalogue of the design has it: `os.layout`.
    public let id: String
    /// What has to hold, in one sentence.
    public let title: String
    /// What facts it needs, for people.
    public let needs: String
    private let judgement: @Sendable (HealthFacts) -> Finding

    /// A check.
    ///
    /// - Parameters:
    ///   - remedy: What to do when the facts cannot be had.
    ///   - judge: From the facts and the moment they are of to a finding. Never traps, whatever the facts say.
    public init<Value: Sendable>(
        _ id: String, _ title: String, needs source: FactSource<Value>, remedy: String? = nil,
        judge: @escaping @Sendable (Value, Timestamp) -> Finding
    ) {
        self.id = id
        self.title = title
        needs = source.name
        judgement = { facts in
            switch source.fact(facts) {
            case .known(let value): judge(value, facts.moment)
            case .unknown(let why):
                Finding(
                    .unknown, why,
                    remedy: remedy
                        ?? "Ask again. If it stays so, 'journalctl --unit mastertargetd' and 'dmesg' say why it cannot be "
                        + "looked at, or which disk does not answer.")
            }
        }
    }

    /// Judges.
    public func judge(_ facts: HealthFacts) -> Finding { judgement(facts) }
}
