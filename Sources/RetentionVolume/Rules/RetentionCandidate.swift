// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A volume judged by every rule.
public struct RetentionCandidate: Hashable, Sendable {
    /// Whether it is offered.
    public enum Verdict: String, Hashable, Sendable {
        /// It can be used as it is.
        case offered
        /// It can be used once it is prepared, and nothing is lost by that: it is blank.
        case offeredAfterPreparation
        /// It is not offered: the rules say why.
        case refused
    }

    /// What a rule says.
    public struct Result: Hashable, Sendable {
        /// The rule's id.
        public let rule: String
        /// What it asks, as a clause.
        public let title: String
        /// What it says.
        public let outcome: RuleOutcome
    }

    /// What is known of the volume.
    public let facts: VolumeFacts
    /// What every rule says, in their order. Always all of them.
    public let results: [Result]

    /// Judges a volume.
    public init(_ facts: VolumeFacts, in context: RetentionContext) {
        self.facts = facts
        results = RetentionRule.all.map {
            Result(rule: $0.id, title: $0.title, outcome: $0.evaluate(facts, in: context))
        }
    }

    /// Whether it is offered.
    public var verdict: Verdict {
        if results.contains(where: \.outcome.isFailure) { return .refused }
        let isBlank = results.contains { if case .unprepared = $0.outcome { true } else { false } }
        return isBlank ? .offeredAfterPreparation : .offered
    }

    /// Why it is refused, as sentences; empty when it is not.
    public var reasons: [String] { results.filter(\.outcome.isFailure).map(\.outcome.sentence) }

    /// Why it is refused whatever is done to its contents.
    public var lastingReasons: [String] {
        results.compactMap { result in
            if case .failed(let sentence, isCuredByFormatting: false) = result.outcome { sentence } else { nil }
        }
    }

    /// What is worth knowing though it does not refuse.
    public var warnings: [String] {
        results.compactMap { if case .warned(let sentence) = $0.outcome { sentence } else { nil } }
    }

    /// Every volume judged: offered ones first, each kind by name.
    public static func all(_ volumes: [VolumeFacts], in context: RetentionContext) -> [RetentionCandidate] {
        let order: [Verdict: Int] = [.offered: 0, .offeredAfterPreparation: 1, .refused: 2]
        return volumes.map { RetentionCandidate($0, in: context) }
            .sorted { left, right in
                let places = (order[left.verdict] ?? 2, order[right.verdict] ?? 2)
                return places.0 == places.1 ? left.facts.name < right.facts.name : places.0 < places.1
            }
    }
}
