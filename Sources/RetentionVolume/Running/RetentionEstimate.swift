// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

/// How much history the room on a volume buys, at the rate at which it grows.
public struct RetentionEstimate: Hashable, Sendable {
    /// What history grows by.
    public struct Growth: Hashable, Sendable {
        /// Bytes that were added to history, what was dropped meanwhile not subtracted.
        public var bytes: ByteCount
        /// Over how many seconds.
        public var seconds: UInt64

        /// So many bytes over so many seconds.
        public init(bytes: ByteCount, seconds: UInt64) {
            self.bytes = bytes
            self.seconds = seconds
        }
    }

    /// How bad it is.
    public enum Severity: Int, Comparable, Sendable {
        case fine
        /// There is no room for all of the window.
        case warning
        /// There is room for less than a quarter of it, or hardly any room.
        case critical

        /// Less bad.
        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    /// Seconds that are wanted.
    public let wantedSeconds: UInt64
    /// Bytes that the wanted window needs; nil while there is no rate, `UInt64.max` for more than can be counted.
    public let needed: ByteCount?
    /// Bytes that history may have: what it has and what is free, without the reserve.
    public let room: ByteCount
    /// Seconds that there is room for; nil while nothing grows, and room is no matter.
    public let possibleSeconds: UInt64?
    /// Bytes that are free, the reserve among them.
    public let free: ByteCount

    /// Estimates.
    ///
    /// - Parameters:
    ///   - wantedSeconds: The policy's window.
    ///   - growth: What history grew by of late; no seconds or no bytes: nothing is known to grow.
    ///   - used: Bytes that history has now.
    ///   - free: Bytes that are free on the volume.
    ///   - reserve: Bytes of those that history never gets.
    ///   - quota: The most that history may have; nil for what there is.
    public init(
        wantedSeconds: UInt64, growth: Growth, used: ByteCount, free: ByteCount, reserve: ByteCount = .zero,
        quota: ByteCount? = nil
    ) {
        self.wantedSeconds = wantedSeconds
        self.free = free
        let most = used + (free - reserve)
        room = quota.map { min($0, most) } ?? most
        guard growth.seconds > 0, growth.bytes > .zero else {
            needed = nil
            possibleSeconds = nil
            return
        }
        needed = ByteCount(
            Self.scale(growth.bytes.rawValue, by: wantedSeconds, over: growth.seconds, roundingUp: true))
        possibleSeconds = Self.scale(room.rawValue, by: growth.seconds, over: growth.bytes.rawValue, roundingUp: false)
    }

    /// `value × factor ÷ divisor`, exact, and at most what 64 bits hold.
    private static func scale(_ value: UInt64, by factor: UInt64, over divisor: UInt64, roundingUp: Bool) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        guard product.high < divisor else { return .max }
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        return roundingUp && remainder > 0 && quotient < .max ? quotient + 1 : quotient
    }

    /// Hundredths of the wanted window that there is room for; 100 and more is enough. Nil while nothing grows.
    public var hundredths: UInt64? {
        guard let possibleSeconds else { return nil }
        guard wantedSeconds > 0 else { return 100 }
        return Self.scale(possibleSeconds, by: 100, over: wantedSeconds, roundingUp: false)
    }

    /// How bad it is: below the whole window a warning; below a quarter of it, or below 1 GiB free, critical.
    public var severity: Severity {
        if free < VolumeFinding.criticalRoom { return .critical }
        guard let hundredths else { return .fine }
        return hundredths >= 100 ? .fine : hundredths >= 25 ? .warning : .critical
    }

    /// A sentence for people.
    public var sentence: String {
        let wanted = Self.describe(wantedSeconds)
        guard let needed, let possibleSeconds else {
            return "History does not grow at present; there are \(room) for \(wanted) of it."
        }
        // Past a year the number says nothing.
        let possible = possibleSeconds > 366 * 86400 ? "more than a year" : Self.describe(possibleSeconds)
        let need = needed.rawValue == .max ? "more than can be counted" : "\(needed)"
        return "At today's rate \(wanted) need \(need); there is room for \(possible)."
    }

    /// Windows are talked of in hours up to two days: `24 h`.
    private static func describe(_ seconds: UInt64) -> String {
        guard seconds >= 86400, seconds < 2 * 86400 else { return Quantity.describe(seconds: seconds) }
        return "\(seconds / 3600) h"
    }
}
