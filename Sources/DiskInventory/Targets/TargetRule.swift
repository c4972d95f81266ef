// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A condition that a device has to meet to become a replication target.
public enum TargetRule: String, Hashable, Sendable, CaseIterable {
    case identity
    case unique
    case wholeDisk
    case mapNotPath
    case notBound
    case notMounted
    case notSwap
    case notHeld
    case notOfTheSystem
    case writable
    case largeEnough
    case blockSize
    case mapBelieved
    case exclusiveOpen
}

/// What the rules say about one device: each rule with its refusal, or none where it is met.
public struct TargetVerdict: Hashable, Sendable {
    /// A rule and what it says.
    public struct Line: Hashable, Sendable {
        /// The rule.
        public let rule: TargetRule
        /// A complete sentence with the evidence; nil where the rule is met.
        public let refusal: String?
    }

    /// The device that was looked at.
    public let device: String
    /// Which disk it is.
    public let identity: DiskIdentity?
    /// Every rule, in the order of ``TargetRule``.
    public let lines: [Line]

    /// Whether it may become a target.
    public var isAccepted: Bool { lines.allSatisfy { $0.refusal == nil } }
    /// The refusals alone.
    public var refusals: [String] { lines.compactMap(\.refusal) }
}
