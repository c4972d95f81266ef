// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

// SAFETY: freed in deinit only. Jobs that run together are given ranges that do not meet; what one wrote is read by
// others after the team has returned, which orders the two.
/// Aligned memory of which several jobs fill different parts at the same time.
@safe final class IOBuffer: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// - Parameter byteCount: Bytes, 1 or more, that start on a page. Pages that are never touched cost nothing.
    init(byteCount: Int) {
        precondition(byteCount > 0, "a buffer holds at least one byte")
        self.byteCount = byteCount
        unsafe base = PageMemory.allocate(byteCount)
    }

    deinit { unsafe PageMemory.free(base, byteCount) }

    /// Calls `body` with a part, to read.
    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range past the end of a buffer")
        // SAFETY: inside, by the precondition; this object, and so the memory, lives for the call.
        return try body(unsafe RawSpan(_unsafeStart: base + range.lowerBound, byteCount: range.count))
    }

    /// Calls `body` with a part, to fill: nobody else may touch that part meanwhile.
    func withMutableBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range past the end of a buffer")
        // SAFETY: inside, by the precondition; this object, and so the memory, lives for the call.
        var span = unsafe MutableRawSpan(_unsafeStart: base + range.lowerBound, byteCount: range.count)
        return try body(&span)
    }

    /// Moves bytes towards the front; the ranges may overlap.
    func move(_ range: Range<Int>, to offset: Int) {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range past the end of a buffer")
        precondition(offset >= 0 && offset <= range.lowerBound, "bytes move towards the front only")
        // SAFETY: both inside, by the preconditions; memmove semantics.
        unsafe (base + offset).copyMemory(from: base + range.lowerBound, byteCount: range.count)
    }
}
