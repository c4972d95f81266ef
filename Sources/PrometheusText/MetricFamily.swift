// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A metric: its name, what it means, and its value for each set of labels.
///
/// Source: Prometheus, "Exposition formats", "Metric and label naming", "Writing exporters".
public struct MetricFamily: Hashable, Sendable {
    /// What a value is.
    public enum Kind: String, Hashable, Sendable {
        /// It only grows while the process lives. Its name ends in `_total`.
        case counter
        /// It goes up and down.
        case gauge
        /// How often something took how long: made by ``histogram(_:_:_:)``.
        case histogram
    }

    /// One value.
    public struct Sample: Hashable, Sendable {
        /// What is added to the family's name: `_bucket`, `_sum` and `_count` of a histogram.
        let suffix: String
        /// Names and values, in the order in which they are written.
        let labels: [Label]
        /// The value; a count beyond 2^53 is rounded, as Prometheus does with every value.
        public let value: Double

        /// A value for a set of labels.
        ///
        /// - Parameter labels: Names are letters, digits and underscores, and begin with no digit; values are any text.
        public init(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
            self.init(value, labels.map { Label(name: $0.key, value: $0.value) }, suffix: "")
        }

        /// A count for a set of labels.
        public init(_ value: some BinaryInteger, _ labels: KeyValuePairs<String, String> = [:]) {
            self.init(Double(value), labels)
        }

        /// 1 for what is so, 0 for what is not.
        public init(_ isSo: Bool, _ labels: KeyValuePairs<String, String> = [:]) { self.init(isSo ? 1 : 0, labels) }

        init(_ value: Double, _ labels: [Label], suffix: String) {
            for label in labels {
                precondition(Self.isLabelName(label.name), "\(label.name) is no name of a label")
            }
            self.value = value
            self.labels = labels
            self.suffix = suffix
        }

        /// `[a-zA-Z_][a-zA-Z0-9_]*`; two underscores at the beginning are Prometheus's own.
        private static func isLabelName(_ name: String) -> Bool {
            MetricFamily.isName(name) && !name.contains(":") && !name.hasPrefix("__")
        }
    }

    struct Label: Hashable, Sendable {
        let name: String
        let value: String
    }

    /// Its name, with the unit: `mastertarget_group_received_bytes_total`.
    public let name: String
    /// What it means, in a sentence.
    public let help: String
    /// What its values are.
    public let kind: Kind
    /// Its values; none where there is nothing to tell of.
    public let samples: [Sample]

    /// A counter or a gauge.
    ///
    /// - Parameter name: `[a-zA-Z_:][a-zA-Z0-9_:]*`; that of a counter ends in `_total`.
    public init(_ kind: Kind, _ name: String, _ help: String, _ samples: [Sample]) {
        precondition(Self.isName(name), "\(name) is no name of a metric")
        precondition(
            (kind == .counter) == name.hasSuffix("_total"), "\(name): a counter's name ends in _total, and no other")
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A histogram for a set of labels.
    public struct Distribution: Sendable {
        let histogram: Histogram
        let labels: [Label]

        /// What was counted for a set of labels.
        public init(_ histogram: Histogram, _ labels: KeyValuePairs<String, String> = [:]) {
            self.histogram = histogram
            self.labels = labels.map { Label(name: $0.key, value: $0.value) }
        }
    }

    /// A histogram, with its values by label.
    public static func histogram(_ name: String, _ help: String, _ values: [Distribution]) -> MetricFamily {
        let samples = values.flatMap { distribution -> [Sample] in
            let (value, labels) = (distribution.histogram, distribution.labels)
            return value.cumulative.map { bound, count in
                let bound = Label(name: "le", value: Exposition.text(bound))
                return Sample(Double(count), labels + [bound], suffix: "_bucket")
            } + [
                Sample(value.sum, labels, suffix: "_sum"),
                Sample(Double(value.count), labels, suffix: "_count"),
            ]
        }
        return MetricFamily(.histogram, name, help, samples)
    }

    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }
}
