// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension [UInt8] {
    /// Appends `value` in little-endian order.
    @inlinable
    public mutating func appendLittle<T: FixedWidthInteger>(_ value: T) {
        // SAFETY: the bytes of an integer, read within the call.
        unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
    }
}
