// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives
import Testing

@Suite struct DateTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-21T02:34:14Z", 1_795_228_454_000_000_000),
        ("2026-11-21t02:34:14z", 1_795_228_454_000_000_000),
        ("2026-11-21T03:34:14+01:00", 1_795_228_454_000_000_000),
        ("2026-11-20T21:04:14-05:30", 1_795_228_454_000_000_000),
        ("2000-02-29T12:00:00.5Z", 951_825_600_500_000_000),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
    ]) func `a time is read`(text: String, nanoseconds: Int64) {
        #expect(DateTime(text)?.timestamp.rawValue == nanoseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-21", "2026-11-21T02:34Z", "2026-11-21T02:34:14", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T02:60:00Z",
        "2026-11-21T02:34:61Z", "2026-11-21T02:34:14.Z", "2026-11-21T02:34:14.1234567890Z", "2026-11-21T02:34:14+1:00",
        "2026-11-21T02:34:14Zx", "2026-11-21 02:34:14Z", "9999-12-31T23:59:59Z", "٢٠٢٦-11-21T02:34:14Z",
    ]) func `what is no time is refused`(text: String) {
        #expect(DateTime(text) == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (.min, "1677-09-21T00:12:43.145224192Z"),
        (.max, "2262-04-11T23:47:16.854775807Z"),
        (951_825_600_500_000_000, "2000-02-29T12:00:00.500Z"),
        (1_795_228_454_000_001_000, "2026-11-21T02:34:14.000001Z"),
    ]) func `a time is written in UTC with the decimals it has`(nanoseconds: Int64, text: String) {
        #expect(DateTime(Timestamp(nanoseconds: nanoseconds)).description == text)
    }

    @Test(arguments: [Int64.min, .max, 0, 1, -1, 86_399_999_999_999, 4_102_444_800_000_000_000])
    func `every time that 64 bits hold can be written`(nanoseconds: Int64) {
        let written = DateTime(Timestamp(nanoseconds: nanoseconds))
        // The ends themselves lie in seconds that 64 bits do not hold whole.
        if nanoseconds != .min, nanoseconds != .max { #expect(DateTime(written.description) == written) }
    }

    @Test func `every day of four centuries comes back`() {
        for day in stride(from: Int64(-36524), to: 100_000, by: 1) {
            let time = DateTime(Timestamp.seconds(day * 86400))
            #expect(DateTime(time.description) == time)
        }
    }
}
