// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Comparisons of numbers from outside, exact and without overflow.
enum Share {
    /// Whether `part` is less than `percent` hundredths of `whole`.
    static func isBelow(_ part: UInt64, of whole: UInt64, percent: UInt64) -> Bool {
        UInt128(part) * 100 < UInt128(whole) * UInt128(percent)
    }

    /// `part` in hundredths of `whole`; 0 of nothing.
    static func percent(_ part: UInt64, of whole: UInt64) -> Double {
        whole == 0 ? 0 : Double(part) * 100 / Double(whole)
    }
}

/// Intervals for people.
enum Span {
    static let minute: Int64 = 60
    static let hour: Int64 = 3600
    static let day: Int64 = 86400

    /// `42 s`, `12 min`, `3 h 20 min`, `8 d 4 h`.
    static func describe(seconds: Int64) -> String {
        func two(_ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String) -> String {
            small == 0 ? "\(large) \(largeUnit)" : "\(large) \(largeUnit) \(small) \(smallUnit)"
        }
        switch max(0, seconds) {
        case let seconds where seconds < 2 * minute: return "\(seconds) s"
        case let seconds where seconds < hour: return two(seconds / minute, "min", seconds % minute, "s")
        case let seconds where seconds < day: return two(seconds / hour, "h", seconds % hour / minute, "min")
        case let seconds: return two(seconds / day, "d", seconds % day / hour, "h")
        }
    }
}

/// How long ago something was.
enum Age: Equatable {
    /// Nanoseconds, from 0 on.
    case past(Int64)
    /// It lies in the future: the clock was set back since, so that its age is not known.
    case future

    /// As much as the clock may have been put right by without an age being doubted.
    static let tolerance: Int64 = 5_000_000_000

    init(of moment: Timestamp, at now: Timestamp) {
        let nanoseconds = now.nanoseconds(since: moment)
        self = nanoseconds < -Self.tolerance ? .future : .past(max(0, nanoseconds))
    }
}

/// Nanoseconds of so many seconds; saturates.
func nanoseconds(_ seconds: Int64) -> Int64 {
    let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? (seconds < 0 ? .min : .max) : value
}

/// `43.2 %`.
func percentText(_ value: Double) -> String { "\(decimal(value)) %" }

/// With at most one decimal.
func decimal(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return value < 0 ? "below -1e15" : "above 1e15" }
    let tenths = Int64((value * 10).rounded())
    let text = "\(tenths.magnitude / 10)" + (tenths % 10 == 0 ? "" : ".\(tenths.magnitude % 10)")
    return tenths < 0 ? "-\(text)" : text
}
