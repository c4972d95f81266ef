// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import PrometheusText
import StoragePrimitives
import Testing

@Suite struct ExpositionTests {
    private func gauge(_ samples: MetricFamily.Sample...) -> String {
        Exposition.text([MetricFamily(.gauge, "a_b", "Help.", samples)])
    }

    @Test func `a metric has its help, its type and a line for each value`() {
        let text = Exposition.text([
            MetricFamily(.gauge, "up", "Whether it is.", [.init(true)]),
            MetricFamily(.counter, "read_bytes_total", "Read.", [.init(UInt64(12), ["disk": "a", "node": "1"])]),
        ])
        #expect(
            text == """
                # HELP up Whether it is.
                # TYPE up gauge
                up 1
                # HELP read_bytes_total Read.
                # TYPE read_bytes_total counter
                read_bytes_total{disk="a",node="1"} 12

                """)
    }

    @Test func `a metric without a value is announced`() {
        #expect(gauge() == "# HELP a_b Help.\n# TYPE a_b gauge\n")
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\"b", #"a\"b"#), ("a\\b", #"a\\b"#), ("a\nb", #"a\nb"#), ("a\\\"\n", #"a\\\"\n"#),
        // A quotation mark with a combining acute is another character than one without.
        ("\"\u{301}x", "\\\"\u{301}x"), ("ö €", "ö €"), ("", ""),
        ("\"} 1\n# TYPE evil gauge\nevil 1", #"\"} 1\n# TYPE evil gauge\nevil 1"#),
    ]) func `a label's value cannot end its quotes or its line`(value: String, written: String) {
        let text = gauge(.init(1, ["l": value]))
        #expect(text.hasSuffix("\na_b{l=\"\(written)\"} 1\n"), "\(text)")
        #expect(text.split(separator: "\n").count == 3)
    }

    @Test func `a label's value is cut, also one character with a thousand marks`() {
        for value in [String(repeating: "x", count: 1000), "a" + String(repeating: "\u{301}", count: 1000)] {
            let text = gauge(.init(1, ["l": value]))
            #expect(text.unicodeScalars.count < 300 + Exposition.maximumLabelScalars / 8)
        }
    }

    @Test func `help has no line of its own`() {
        let text = Exposition.text([MetricFamily(.gauge, "g", "One\nTwo \\ \"", [])])
        #expect(text.hasPrefix("# HELP g One\\nTwo \\\\ \"\n"))
    }

    @Test func `a second value for the same labels is left out`() {
        let text = gauge(.init(1, ["l": "x"]), .init(2, ["l": "y"]), .init(3, ["l": "x"]))
        #expect(text.contains("a_b{l=\"x\"} 1\na_b{l=\"y\"} 2\n"))
        #expect(!text.contains(" 3"))
    }

    @Test(arguments: [
        (0.0, "0"), (-1.5, "-1.5"), (1e-9, "1e-09"), (1_763_771_000, "1763771000"), (1_763_771_000.25, "1763771000.25"),
        (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (9_007_199_254_740_992, "9007199254740992"),
        (Double(UInt64.max), "1.8446744073709552e+19"),
    ]) func `numbers are written as Prometheus reads them`(value: Double, text: String) {
        #expect(gauge(.init(value)).hasSuffix("a_b \(text)\n"))
    }

    @Test func `a histogram has a bucket for each bound, cumulative, a sum and a count`() {
        var histogram = Histogram(bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 1, 7] { histogram.add(value) }
        let text = Exposition.text([.histogram("h_seconds", "H.", [.init(histogram, ["d": "x"])])])
        #expect(
            text == """
                # HELP h_seconds H.
                # TYPE h_seconds histogram
                h_seconds_bucket{d="x",le="0.1"} 2
                h_seconds_bucket{d="x",le="1"} 4
                h_seconds_bucket{d="x",le="+Inf"} 5
                h_seconds_sum{d="x"} 8.65
                h_seconds_count{d="x"} 5

                """)
    }
}

@Suite struct HistogramTests {
    @Test func `a value on a bound lies below it, and what is no number is not counted`() {
        var histogram = Histogram(bounds: [1, 2])
        for value in [1, 1.000_001, 2, 3, .infinity, .nan, -1] { histogram.add(value) }
        #expect(histogram.cumulative.map(\.count) == [2, 4, 6])
        #expect(histogram.cumulative.map(\.bound) == [1, 2, .infinity])
        #expect(histogram.count == 6)
    }

    @Test func `the usual bounds ascend and span what disks do`() {
        #expect(Histogram.seconds == Histogram.seconds.sorted())
        #expect(Histogram.seconds.first == 0.0001)
        #expect(Histogram.seconds.last == 10)
    }
}
