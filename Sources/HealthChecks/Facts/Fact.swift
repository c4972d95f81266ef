// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Something that was looked at, or why it could not be.
public enum Fact<Value: Sendable>: Sendable {
    case known(Value)
    /// Nobody knows; a sentence says why.
    case unknown(String)
}

extension Fact: Equatable where Value: Equatable {}
extension Fact: Hashable where Value: Hashable {}
