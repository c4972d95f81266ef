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
        var buffers: [IOBuffer] = []
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
        return PayloadBuffer(memory ?? IOBuffer(byteCount: Self.bufferBytes), pool: self)
    }

    func giveBack(_ memory: IOBuffer) {
        free.withLock { free in
            free.inUse -= 1
            if free.buffers.count < retained { free.buffers.append(memory) }
        }
    }
}

/// A buffer on loan from the pool that one session fills from the front; it goes back when the last part that uses it is
/// let go. Several batches share one, and only what was handed on is read: no read meets a write.
final class PayloadBuffer: Sendable {
    private let memory: IOBuffer
    private let pool: BufferPool

    init(_ memory: IOBuffer, pool: BufferPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { pool.giveBack(memory) }

    func write(_ bytes: RawSpan, at offset: Int) {
        memory.withMutableBytes(offset..<offset + bytes.byteCount) { $0.replace(at: 0, with: bytes) }
    }

    /// Calls `body` with some of the bytes.
    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try memory.withBytes(range, body)
    }
}
