// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Memory fit for direct I/O: aligned to 4,096 bytes, zeroed, owned by one value and freed with it.
///
/// The pointer never leaves; callers see spans that cannot outlive the buffer.
@safe public struct AlignedBuffer: ~Copyable {
    /// Alignment that every logical block size in use divides (man 2 open, O_DIRECT).
    public static let alignment = 4096

    private let base: UnsafeMutableRawPointer

    /// Bytes held.
    public let count: Int

    /// - Parameter count: Bytes, 1 or more.
    public init(count: Int) {
        precondition(count > 0, "an aligned buffer holds at least one byte")
        // SAFETY: freed in deinit, and only there.
        unsafe base = .allocate(byteCount: count, alignment: Self.alignment)
        self.count = count
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    }

    /// A buffer whose contents are whatever the memory held: for work areas that are written before they are read. Pages that
    /// are never touched cost nothing.
    ///
    /// - Parameter count: Bytes, 1 or more.
    public init(uninitialized count: Int) {
        precondition(count > 0, "an aligned buffer holds at least one byte")
        // SAFETY: freed in deinit, and only there.
        unsafe base = .allocate(byteCount: count, alignment: Self.alignment)
        self.count = count
    }

    deinit { unsafe base.deallocate() }

    /// The contents, to read.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            // SAFETY: the span borrows self, which keeps the memory.
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The contents, to write.
    public var mutableBytes: MutableRawSpan {
        @_lifetime(&self)
        mutating get {
            // SAFETY: the span holds self exclusively, which keeps the memory.
            let span = unsafe MutableRawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// Calls `body` with a range of the contents: for buffers that an object holds, whose spans cannot leave an access.
    public borrowing func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range past the end of a buffer")
        // SAFETY: inside, by the precondition; self is borrowed for the call.
        return try body(unsafe RawSpan(_unsafeStart: base + range.lowerBound, byteCount: range.count))
    }

    /// Calls `body` with a range of the contents, to write.
    public mutating func withMutableBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range past the end of a buffer")
        // SAFETY: inside, by the precondition; self is held exclusively for the call.
        var span = unsafe MutableRawSpan(_unsafeStart: base + range.lowerBound, byteCount: range.count)
        return try body(&span)
    }
}

// SAFETY: a value that is moved, never shared: the memory has one owner at a time.
extension AlignedBuffer: @unchecked Sendable {}

extension MutableRawSpan {
    /// Copies `source` over the bytes from `offset` on.
    ///
    /// - Precondition: It fits.
    @_lifetime(self: copy self)
    public mutating func replace(at offset: Int, with source: RawSpan) {
        precondition(offset >= 0 && source.byteCount <= byteCount - offset, "copy past the end of a buffer")
        unsafe withUnsafeMutableBytes { destination in
            unsafe source.withUnsafeBytes { bytes in
                // SAFETY: the precondition keeps the copy inside; both spans live for the call.
                guard let from = bytes.baseAddress, let to = destination.baseAddress else { return }
                unsafe (to + offset).copyMemory(from: from, byteCount: bytes.count)
            }
        }
    }

    /// Sets `count` bytes from `offset` on to zero.
    @_lifetime(self: copy self)
    public mutating func zero(at offset: Int, count: Int) {
        precondition(offset >= 0 && count >= 0 && count <= byteCount - offset, "zeroing past the end of a buffer")
        unsafe withUnsafeMutableBytes { destination in
            // SAFETY: the precondition keeps the range inside.
            guard let to = destination.baseAddress else { return }
            unsafe (to + offset).initializeMemory(as: UInt8.self, repeating: 0, count: count)
        }
    }
}

extension RawSpan {
    /// Whether every byte is zero.
    public var isAllZeroes: Bool {
        unsafe withUnsafeBytes { buffer in
            var index = 0
            let wholeWords = buffer.count & ~63
            while index < wholeWords {
                var combined: UInt64 = 0
                for word in 0..<8 {
                    // SAFETY: index + 64 is within the buffer.
                    unsafe combined |= buffer.loadUnaligned(fromByteOffset: index + word * 8, as: UInt64.self)
                }
                if combined != 0 { return false }
                index += 64
            }
            while index < buffer.count {
                if unsafe buffer[index] != 0 { return false }
                index += 1
            }
            return true
        }
    }
}
