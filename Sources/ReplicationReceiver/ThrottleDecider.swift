// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import RetentionStore
import StoragePrimitives

/// When a sender has to wait because the group behind the session does not keep up. Pure: a look at the group in, a
/// frame out.
///
/// | cause | begins | ends |
/// | --- | --- | --- |
/// | journal | nothing is journaled: the volume is full | it is journaled again |
/// | quota | history is over its quota, and what waits for the disks keeps it there | it is within, or nothing waits |
/// | target | the backlog is old and large: both limits are passed | either is below a third of its limit |
///
/// It begins at once and ends after ``Limits/calmLooks`` looks in a row that found nothing, so that it does not flutter.
/// A hold runs out by itself: it is renewed with every look, and a receiver that dies holds nobody up.
public struct ThrottleDecider: Hashable, Sendable {
    /// What is too much.
    public struct Limits: Hashable, Sendable {
        /// Bytes that are not on the targets.
        public var backlogBytes: UInt64 = 8 << 20
        /// Nanoseconds that the oldest of them has waited.
        public var backlogNanoseconds: Int64 = 20_000_000_000
        /// Looks without a cause after which the hold ends.
        public var calmLooks = 2
        /// Milliseconds of each hold; more than the time between two looks.
        public var holdMilliseconds: UInt32 = 3_000

        /// The defaults: what a session may have in flight at the least, and longer than a chunk ever takes.
        public init() {}
    }

    /// What is too much.
    public let limits: Limits
    /// Why the sender waits now, or nil.
    public private(set) var cause: Frame.Throttle.Cause?
    private var calm = 0

    /// Nobody waits yet.
    public init(_ limits: Limits = Limits()) { self.limits = limits }

    /// One look. What to tell the sender now, or nil.
    public mutating func look(_ pressure: IngestPressure) -> Frame.Throttle? {
        if let (found, message) = finding(pressure) {
            cause = found
            calm = 0
            return Frame.Throttle(found, holdMilliseconds: limits.holdMilliseconds, message: message)
        }
        guard let former = cause else { return nil }
        calm += 1
        guard calm >= limits.calmLooks else {
            return Frame.Throttle(
                former, holdMilliseconds: limits.holdMilliseconds, message: "It is getting better: a moment more.")
        }
        cause = nil
        return Frame.Throttle(former, holdMilliseconds: 0, message: "Data is taken again.")
    }

    private func finding(_ pressure: IngestPressure) -> (Frame.Throttle.Cause, String)? {
        if let blocked = pressure.blocked { return (.journal, "Nothing can be journaled: \(blocked)") }
        if let quota = pressure.quota, pressure.usedBytes > quota, pressure.backlogNanoseconds > 0 {
            return (
                .quota,
                "History takes \(pressure.usedBytes) of its quota of \(quota), and nothing of it can be dropped before "
                    + "\(ByteCount(pressure.backlogBytes)) are on the target disks."
            )
        }
        let divisor: UInt64 = cause == .target ? 3 : 1
        guard pressure.backlogBytes >= limits.backlogBytes / divisor,
            pressure.backlogNanoseconds >= limits.backlogNanoseconds / Int64(divisor)
        else { return nil }
        return (
            .target,
            "The target disks are \(pressure.backlogNanoseconds / 1_000_000_000) s and "
                + "\(ByteCount(pressure.backlogBytes)) behind."
        )
    }
}
