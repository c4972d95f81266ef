// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension Sequence where Element: Hashable {
    /// The first element that came before already, or nil when all are different.
    public var firstRepeated: Element? {
        var seen: Set<Element> = []
        for element in self where !seen.insert(element).inserted { return element }
        return nil
    }
}
