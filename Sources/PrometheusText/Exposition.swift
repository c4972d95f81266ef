// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Metrics as Prometheus reads them: its text format, version 0.0.4.
///
/// Source: Prometheus, "Exposition formats", "Text-based format".
public enum Exposition {
    /// The type that it is served with.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// The most Unicode scalars of a label's value that are written: what comes from outside may be any text.
    public static let maximumLabelScalars = 256

    /// All of some metrics. A second value for the same labels is left out, since a scrape that has one is refused as a
    /// whole.
    ///
    /// - Parameter families: Each of another name.
    public static func text(_ families: [MetricFamily]) -> String {
        precondition(Set(families.map(\.name)).count == families.count, "two metrics have one name")
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(escaped(family.help.unicodeScalars, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            var seen: Set<String> = []
            for sample in family.samples {
                let series = "\(family.name)\(sample.suffix)\(labels(sample.labels))"
                guard seen.insert(series).inserted else { continue }
                text += "\(series) \(Self.text(sample.value))\n"
            }
        }
        return text
    }

    private static func labels(_ labels: [MetricFamily.Label]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { label in
            "\(label.name)=\"\(escaped(label.value.unicodeScalars.prefix(maximumLabelScalars), quotes: true))\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// A number as Go reads it.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// By scalars: a quotation mark with a combining mark is another character, and ends a value all the same.
    private static func escaped(_ text: some Sequence<Unicode.Scalar>, quotes: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
