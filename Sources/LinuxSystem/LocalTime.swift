// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// A moment in the machine's time zone, for people.
public enum LocalTime {
    /// `2026-11-21 03:34:14 +01:00`.
    public static func describe(_ timestamp: Timestamp) -> String {
        let nanoseconds = timestamp.rawValue
        var seconds = time_t(nanoseconds / 1_000_000_000 - (nanoseconds % 1_000_000_000 < 0 ? 1 : 0))
        var parts = unsafe tm()
        // SAFETY: localtime_r fills `parts` and keeps neither pointer.
        guard unsafe localtime_r(&seconds, &parts) != nil else { return "\(seconds) s" }
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let east = unsafe Int32(clamping: parts.tm_gmtoff) / 60
        let zone = "\(east < 0 ? "-" : "+")\(two(abs(east) / 60)):\(two(abs(east) % 60))"
        let date = unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        let time = unsafe "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(date) \(time) \(zone)"
    }
}
