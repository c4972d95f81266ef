// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension AlignedBuffer {
    /// Lends `range` of the memory to `body`, to write.
    mutating func withMutableBytes<Value, Failure: Error>(
        _ range: Range<Int>, _ body: (inout MutableRawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var whole = mutableBytes
        var part = whole._mutatingExtracting(range)
        return try body(&part)
    }

    /// Lends `range` of the memory to `body`, to read.
    borrowing func withBytes<Value, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(bytes.extracting(range))
    }
}
