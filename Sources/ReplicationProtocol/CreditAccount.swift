// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Bytes of data permitted and used in one session; both count up for ever.
struct CreditAccount: Sendable, Hashable {
    private(set) var permitted: UInt64
    private(set) var used: UInt64 = 0

    init(permitted: UInt64) { self.permitted = permitted }

    var available: UInt64 { permitted - used }

    /// Whether `bytes` could be taken, and were.
    mutating func use(_ bytes: Int) -> Bool {
        guard UInt64(bytes) <= available else { return false }
        used += UInt64(bytes)
        return true
    }

    /// Permits `bytes` more; stops at what 64 bits hold.
    mutating func permit(_ bytes: Int) {
        let (sum, overflow) = permitted.addingReportingOverflow(UInt64(bytes))
        permitted = overflow ? .max : sum
    }

    /// Takes over the other end's total; false when it is less than the last.
    mutating func permit(total: UInt64) -> Bool {
        guard total >= permitted else { return false }
        permitted = total
        return true
    }
}
