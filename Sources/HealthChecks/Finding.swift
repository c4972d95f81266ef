// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a check found: how bad, on what evidence, and what to do.
public struct Finding: Hashable, Sendable, Codable {
    /// The most sentences of evidence that a finding carries; it says how many there are beyond them.
    public static let mostEvidence = 16
    /// The longest sentence, in characters: names and messages come from devices and peers.
    public static let longestSentence = 512

    /// How bad it is.
    public let severity: Severity
    /// Complete sentences, the worst first.
    public let evidence: [String]
    /// What to do, in one sentence or a few; nil when there is nothing to do.
    public let remedy: String?
    /// The figures behind it.
    public let measures: [Measure]

    /// A finding of one sentence.
    public init(_ severity: Severity, _ evidence: String, remedy: String? = nil, measures: [Measure] = []) {
        self.init(severity, evidence: [evidence], remedy: remedy, measures: measures)
    }

    /// A finding. Control characters in its sentences are replaced, and what is too long is cut.
    public init(_ severity: Severity, evidence: [String], remedy: String?, measures: [Measure] = []) {
        self.severity = severity
        var kept = evidence.prefix(Self.mostEvidence).map { Self.printable($0) }
        if evidence.count > kept.count { kept.append("There are \(evidence.count - kept.count) more.") }
        self.evidence = kept
        self.remedy = severity == .ok ? nil : remedy
        self.measures = measures
    }

    /// What a terminal, a log or a monitoring system can take: no control characters, no bidirectional overrides.
    static func printable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(longestSentence) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        if text.unicodeScalars.count > longestSentence { result.append("…") }
        return String(result)
    }
}

/// Puts a finding together from several observations: the worst one decides how bad it is, and what to do about each is
/// told, the worst first.
struct Observations {
    private var noted: [(severity: Severity, sentence: String, remedy: String?)] = []
    var measures: [Measure] = []

    /// The most remedies that one finding tells: whoever has mended these looks again.
    private static let mostRemedies = 4

    /// - Parameter remedy: What to do about it, in a sentence.
    mutating func note(_ severity: Severity, _ sentence: String, remedy: String? = nil) {
        noted.append((severity, sentence, remedy))
    }

    /// The finding; `otherwise` is the evidence when nothing was noted.
    func finding(otherwise: String) -> Finding {
        let severity = noted.map(\.severity).max() ?? .ok
        guard severity != .ok else {
            return Finding(
                .ok, evidence: noted.isEmpty ? [otherwise] : noted.map(\.sentence), remedy: nil, measures: measures)
        }
        // In the order in which they were noted, the worst first.
        let ordered = Severity.allCases.sorted(by: >).filter { $0 != .ok }.flatMap { level in
            noted.filter { $0.severity == level }
        }
        var remedies: [String] = []
        for remedy in ordered.compactMap(\.remedy) where !remedies.contains(remedy) { remedies.append(remedy) }
        return Finding(
            severity, evidence: ordered.map(\.sentence),
            remedy: remedies.isEmpty ? nil : remedies.prefix(Self.mostRemedies).joined(separator: " "),
            measures: measures)
    }
}
