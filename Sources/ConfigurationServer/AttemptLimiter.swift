// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// How often something may be attempted, from one address and in total: a bucket for each that fills with time.
///
/// Bounded: addresses whose bucket is full again are forgotten; while more than ``maximumAddresses`` are not, strangers
/// are refused.
package struct AttemptLimiter: Sendable {
    /// How many at once, and how long until one more.
    package struct Rate: Sendable {
        let burst: Int64
        /// Nanoseconds.
        let interval: Int64

        /// - Parameter seconds: Until one more may be attempted; may be a fraction.
        package init(burst: Int, every seconds: Double) {
            self.burst = Int64(burst)
            interval = Int64(seconds * 1_000_000_000)
        }
    }

    package static let maximumAddresses = 4096

    private let each: Rate
    private let total: Rate
    /// The moment at which a bucket is full again ("generic cell rate algorithm", ITU-T I.371): later means emptier.
    private var full: [String: Timestamp] = [:]
    private var allFull = Timestamp(rawValue: .min)

    package init(each: Rate, total: Rate) {
        self.each = each
        self.total = total
    }

    /// Whether an attempt may be made; it is counted when it may.
    package mutating func attempt(from address: String, now: Timestamp) -> Bool {
        let source = Self.source(of: address)
        if full[source] == nil, full.count >= Self.maximumAddresses {
            full = full.filter { $0.value > now }
            guard full.count < Self.maximumAddresses else { return false }
        }
        guard let one = Self.take(full[source], each, now), let all = Self.take(allFull, total, now) else {
            return false
        }
        full[source] = one
        allFull = all
        return true
    }

    /// Gives an attempt back that came from somebody who may.
    package mutating func succeeded(from address: String) {
        let source = Self.source(of: address)
        full[source] = full[source].map { $0.advanced(byNanoseconds: -each.interval) }
        allFull = allFull.advanced(byNanoseconds: -total.interval)
    }

    private static func take(_ full: Timestamp?, _ rate: Rate, _ now: Timestamp) -> Timestamp? {
        let next = max(full ?? now, now).advanced(byNanoseconds: rate.interval)
        return next.nanoseconds(since: now) <= rate.burst * rate.interval ? next : nil
    }

    /// One subscriber has all addresses of an IPv6 network of 64 bits.
    private static func source(of address: String) -> String {
        guard address.contains(":"), !address.contains(".") else { return address }
        var groups: [Substring] = []
        for group in address.split(separator: ":", omittingEmptySubsequences: false) {
            if group.isEmpty, !groups.isEmpty { break }
            groups.append(group)
            if groups.count == 4 { break }
        }
        return groups.joined(separator: ":")
    }
}
