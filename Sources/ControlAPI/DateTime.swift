// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A moment as JSON carries it: an RFC 3339 string in UTC, with as many decimals as it has.
public struct DateTime: Hashable, Comparable, Sendable, Codable {
    /// The moment, in nanoseconds.
    public let timestamp: Timestamp

    /// The moment as JSON carries it.
    public init(_ timestamp: Timestamp) { self.timestamp = timestamp }

    /// Earlier.
    public static func < (left: DateTime, right: DateTime) -> Bool { left.timestamp < right.timestamp }

    /// Reads an RFC 3339 string.
    ///
    /// - Throws: `DecodingError` for any other string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = DateTime(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time: \(text)")
        }
        self = value
    }

    /// Writes an RFC 3339 string in UTC.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension DateTime: CustomStringConvertible {
    /// RFC 3339 in UTC, with as many decimals as it has: `2026-01-31T12:00:00.25Z`.
    public var description: String {
        let seconds = floorDivide(timestamp.rawValue, 1_000_000_000)
        // Not by subtraction: before the first whole second that 64 bits hold there is none.
        let remainder = timestamp.rawValue % 1_000_000_000
        let nanoseconds = remainder < 0 ? remainder + 1_000_000_000 : remainder
        let date = CivilDate(daysSince1970: floorDivide(seconds, 86400))
        let time = seconds - floorDivide(seconds, 86400) * 86400
        var text = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
        text += "T\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
        if nanoseconds > 0 {
            var fraction = padded(nanoseconds, 9)
            while fraction.hasSuffix("000") { fraction.removeLast(3) }
            text += ".\(fraction)"
        }
        return text + "Z"
    }
}

extension DateTime {
    /// Parses RFC 3339 `date-time` (section 5.6), with any offset and up to nine decimals; nil for anything else,
    /// a date that does not exist included. A leap second counts as the second after it.
    public init?(_ text: String) {
        var scanner = DigitScanner(text)
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), scanner.take("T") || scanner.take("t"),
            let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2), scanner.take(":"),
            let second = scanner.digits(2), hour < 24, minute < 60, second <= 60,
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var nanoseconds: Int64 = 0
        if scanner.take(".") {
            guard let fraction = scanner.fraction() else { return nil }
            nanoseconds = fraction
        }
        guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
        let seconds = date.daysSince1970 * 86400 + hour * 3600 + minute * 60 + second - offset
        // What 64 bits of nanoseconds hold: the years 1678 to 2261.
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        self.init(Timestamp(nanoseconds: scaled).advanced(byNanoseconds: nanoseconds))
    }
}

/// A date of the Gregorian calendar.
///
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": eras of 400 years that begin in March.
struct CivilDate: Hashable {
    let year: Int64
    let month: Int64
    let day: Int64

    init?(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
        guard (1...12).contains(month), (1...31).contains(day), CivilDate(daysSince1970: daysSince1970) == self else {
            return nil
        }
    }

    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = floorDivide(shiftedYear, 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
    number / divisor - (number % divisor < 0 ? 1 : 0)
}

func padded(_ number: Int64, _ width: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Takes a text apart that consists of digits and separators.
struct DigitScanner {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        rest.removeFirst(count)
        return Int64(digits)
    }

    /// One to nine decimals, as nanoseconds.
    mutating func fraction() -> Int64? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.count) else { return nil }
        rest.removeFirst(digits.count)
        return Int64(digits + String(repeating: "0", count: 9 - digits.count))
    }

    /// `Z` or `+hh:mm`, as seconds east of UTC.
    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isWest = rest.first == "-"
        guard take("+") || take("-"), let hours = digits(2), take(":"), let minutes = digits(2), hours < 24,
            minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }
}
