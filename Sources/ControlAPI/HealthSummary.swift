// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What the agent's last look at everything found, in short: for `mtctl status`.
public struct HealthSummary: Hashable, Sendable, Codable {
    /// A check that found something.
    public struct Failing: Hashable, Sendable, Codable {
        /// The check: `retention.space`.
        public var check: String
        /// `warning`, `critical` or `unknown`.
        public var severity: String
        /// The worst of what it found, as a sentence.
        public var sentence: String
        /// What to do about it; nil where nothing has to be done.
        public var remedy: String?

        /// A check that found something.
        public init(check: String, severity: String, sentence: String, remedy: String?) {
            self.check = check
            self.severity = severity
            self.sentence = sentence
            self.remedy = remedy
        }
    }

    /// When it was looked.
    public var moment: DateTime
    /// The worst of all: `ok`, `warning`, `critical` or `unknown`.
    public var severity: String
    /// How many checks there are of each severity; those that are waived are not among them.
    public var counts: [String: Int]
    /// What is not ok, the worst first.
    public var failing: [Failing]
    /// Checks that the operator waived, with the reason.
    public var waived: [String: String]

    /// A summary.
    public init(
        moment: DateTime, severity: String, counts: [String: Int], failing: [Failing], waived: [String: String] = [:]
    ) {
        self.moment = moment
        self.severity = severity
        self.counts = counts
        self.failing = failing
        self.waived = waived
    }
}
