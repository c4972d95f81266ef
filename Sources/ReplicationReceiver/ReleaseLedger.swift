// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Remembers for each part that was handed to the store how much credit its zeroes took, to give it back when the store
/// is done with the data before it: a store reports only data.
package struct ReleaseLedger {
    private var parts: [(dataBytes: Int, zeroCredit: Int)] = []
    private var head = 0
    /// Data released that the part at the head has not been charged with yet.
    private var surplus = 0

    package init() {}

    /// A part goes to the store. Returns credit to give back at once: a part of zeroes alone waits for nothing but the
    /// data before it.
    package mutating func handed(dataBytes: Int, zeroCredit: Int) -> Int {
        guard dataBytes > 0 || zeroCredit > 0 else { return 0 }
        parts.append((dataBytes, zeroCredit))
        return settle()
    }

    /// The store released that much data. Returns all the credit to give back.
    package mutating func released(bytes: Int) -> Int {
        surplus += bytes
        return bytes + settle()
    }

    private mutating func settle() -> Int {
        var credit = 0
        while head < parts.count, parts[head].dataBytes <= surplus {
            surplus -= parts[head].dataBytes
            credit += parts[head].zeroCredit
            head += 1
        }
        if head == parts.count {
            parts.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024 {
            parts.removeFirst(head)
            head = 0
        }
        return credit
    }
}
