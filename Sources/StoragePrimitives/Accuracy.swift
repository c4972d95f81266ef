// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How well a batch's content is known to be one moment of its source.
public enum Accuracy: UInt8, Hashable, Sendable, Codable, CaseIterable, Comparable {
    /// The source stood still, or its changes were recorded in order.
    case exact = 0
    /// The source was read while it changed: each block is as it was at some moment of the batch's time range.
    case approximate = 1
    /// Changes were folded or may have been missed; a later batch puts it right.
    case notGuaranteed = 2

    /// The surer one is the lesser.
    public static func < (left: Accuracy, right: Accuracy) -> Bool { left.rawValue < right.rawValue }
}
