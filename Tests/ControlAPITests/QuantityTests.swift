// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", 0), ("512", 512), ("1k", 1024), ("1KiB", 1024), ("20GiB", 20 << 30), ("20 GiB", 20 << 30),
        ("2t", 2 << 40),
        ("8P", 8 << 50), ("7b", 7),
    ]) func `a size is read`(text: String, bytes: UInt64) {
        #expect(Quantity.bytes(text) == bytes)
    }

    @Test(arguments: [
        "", "GiB", "-1", "1.5GiB", "1MB", "1 kb", "1  GiB", "18446744073709551616", "17179869184G", "1GiBx",
    ])
    func `what is no size is refused`(text: String) {
        #expect(Quantity.bytes(text) == nil)
    }

    @Test(arguments: [("90", 90), ("90s", 90), ("15m", 900), ("24h", 86400), ("7d", 604_800), ("2w", 1_209_600)])
    func `a duration is read`(text: String, seconds: UInt64) {
        #expect(Quantity.seconds(text) == seconds)
    }

    @Test(arguments: ["", "m", "1y", "-5m", "1h30m", "99999999999999999999d", "9999999999999999999w"])
    func `what is no duration is refused`(text: String) {
        #expect(Quantity.seconds(text) == nil)
    }

    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (5400, "1 h 30 min"),
        (90000, "1 d 1 h"),
    ]) func `a duration is written for people`(seconds: UInt64, text: String) {
        #expect(Quantity.describe(seconds: seconds) == text)
    }
}
