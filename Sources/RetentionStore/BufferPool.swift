// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// Recycles the aligned buffers into which payloads are received, so that steady state allocates nothing and the kernel
/// hands out no fresh pages.
///
/// It bounds what is kept, not what is in use: that is bounded by the credit given to senders.
public final class BufferPool: Sendable {
    /// Bytes of one buffer: the longest extent fits.
    public static let bufferBytes = Extent.maximumDataBytes

    private struct Free: ~Copyable {
        var buffers: [PayloadMemory] = []
        var inUse = 0
    }

    private let free = Mutex(Free())
    private let retained: Int

    /// - Parameter retaining: Bytes of unused buffers to keep for the next taker.
    public init(retaining: ByteCount) { retained = retaining.int / Self.bufferBytes }

    /// Bytes of buffers in use.
    public var bytesInUse: Int { free.withLock { $0.inUse * Self.bufferBytes } }

    func take() -> PayloadBuffer {
        let memory = free.withLock { free in
            free.inUse += 1
            return free.buffers.popLast()
        }
        return PayloadBuffer(memory ?? PayloadMemory(byteCount: Self.bufferBytes), pool: self)
    }

    func giveBack(_ memory: PayloadMemory) {
        free.withLock { free in
            free.inUse -= 1
            if free.buffers.count < retained { free.buffers.append(memory) }
        }
    }
}

// SAFETY: freed in deinit only. The builder writes beyond `filled` of its own; parts read only what was handed on
// before. The two ranges never meet, so there is no access to order.
/// Aligned memory that one session fills from the front and that is only read behind what it has handed on.
///
/// A class, because several batches share one buffer and each is let go in its own time.
@safe final class PayloadMemory: @unchecked Sendable {
    fileprivate let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) {
        self.byteCount = byteCount
        unsafe base = .allocate(byteCount: byteCount, alignment: AlignedBuffer.alignment)
    }

    deinit { unsafe base.deallocate() }

    func write(_ bytes: RawSpan, at offset: Int) {
        precondition(offset >= 0 && bytes.byteCount <= byteCount - offset, "payload past the end of its buffer")
        unsafe bytes.withUnsafeBytes { source in
            // SAFETY: inside, by the precondition.
            if let from = source.baseAddress { unsafe (base + offset).copyMemory(from: from, byteCount: source.count) }
        }
    }
}

/// A buffer on loan from the pool; it goes back when the last part that uses it is let go.
final class PayloadBuffer: Sendable {
    private let memory: PayloadMemory
    private let pool: BufferPool

    init(_ memory: PayloadMemory, pool: BufferPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { pool.giveBack(memory) }

    func write(_ bytes: RawSpan, at offset: Int) { memory.write(bytes, at: offset) }

    /// Calls `body` with some of the bytes.
    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= memory.byteCount, "payload outside its buffer")
        // SAFETY: inside, by the precondition; this object, and so the memory, lives for the call.
        return try body(unsafe RawSpan(_unsafeStart: memory.base + range.lowerBound, byteCount: range.count))
    }
}
