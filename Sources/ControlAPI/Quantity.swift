// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Sizes and durations as people write them in options and in the configuration file.
public enum Quantity {
    /// `20GiB`, `256 MiB`, `64k`, `1048576`: IEC units, by full name or by first letter; bytes without one.
    ///
    /// - Returns: nil for anything else and for what 64 bits do not hold. `kB`, `MB`, `GB` are refused: they mean two
    ///   things.
    public static func bytes(_ text: String) -> UInt64? {
        guard let (number, unit) = split(text) else { return nil }
        let shift: UInt64
        switch unit.lowercased() {
        case "", "b": shift = 0
        case "k", "kib": shift = 10
        case "m", "mib": shift = 20
        case "g", "gib": shift = 30
        case "t", "tib": shift = 40
        case "p", "pib": shift = 50
        default: return nil
        }
        let (value, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : value
    }

    /// `90s`, `15m`, `24h`, `7d`; seconds without a unit.
    public static func seconds(_ text: String) -> UInt64? {
        guard let (number, unit) = split(text) else { return nil }
        let factor: UInt64
        switch unit.lowercased() {
        case "", "s": factor = 1
        case "m", "min": factor = 60
        case "h": factor = 3600
        case "d": factor = 86400
        case "w": factor = 7 * 86400
        default: return nil
        }
        let (value, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : value
    }

    /// A duration for people: `42 s`, `15 min`, `1 h 30 min`, `3 d 4 h`.
    public static func describe(seconds: UInt64) -> String {
        func pair(_ large: UInt64, _ largeUnit: String, _ small: UInt64, _ smallUnit: String) -> String {
            small == 0 ? "\(large) \(largeUnit)" : "\(large) \(largeUnit) \(small) \(smallUnit)"
        }
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return pair(seconds / 60, "min", seconds % 60, "s") }
        if seconds < 86400 { return pair(seconds / 3600, "h", seconds % 3600 / 60, "min") }
        return pair(seconds / 86400, "d", seconds % 86400 / 3600, "h")
    }

    private static func split(_ text: String) -> (UInt64, String)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = UInt64(digits) else { return nil }
        var unit = text.dropFirst(digits.count)
        if unit.first == " " { unit.removeFirst() }
        return (number, String(unit))
    }
}
