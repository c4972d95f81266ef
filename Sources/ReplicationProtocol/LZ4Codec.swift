// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLZ4
import NIOCore

/// LZ4 blocks: one payload, one block, no frame around it.
///
/// Source: lz4.h, `LZ4_compress_default`, `LZ4_decompress_safe`.
public enum LZ4Codec {
    /// Compresses `data` onto the end of `output`.
    ///
    /// - Parameter limit: Bytes that the result may have; beyond it compression does not pay.
    /// - Returns: Bytes written, or nil (and `output` as it was) when the result would be longer than `limit`.
    public static func compress(_ data: RawSpan, to output: inout ByteBuffer, limit: Int) -> Int? {
        guard data.byteCount > 0, data.byteCount <= WireLimits.maximumWriteBytes, limit > 0 else { return nil }
        let written = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: limit) { destination in
            unsafe data.withUnsafeBytes { source in
                // SAFETY: LZ4 reads source.count bytes and writes at most `limit`, which the buffer made room for; the
                // cast only changes the type from bytes to char.
                let result = unsafe LZ4_compress_default(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self),
                    destination.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(source.count),
                    CInt(min(limit, WireLimits.maximumWriteBytes)))
                return max(0, Int(result))
            }
        }
        return written > 0 ? written : nil
    }

    /// Decompresses `payload` onto the end of `output`.
    ///
    /// - Returns: Whether the payload is a block of exactly `dataBytes` bytes; if not, `output` is as it was.
    public static func decompress(_ payload: RawSpan, dataBytes: Int, to output: inout ByteBuffer) -> Bool {
        guard payload.byteCount > 0, payload.byteCount <= WireLimits.maximumWriteBytes, dataBytes > 0,
            dataBytes <= WireLimits.maximumWriteBytes
        else { return false }
        let written = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: dataBytes) { destination in
            unsafe payload.withUnsafeBytes { source in
                // SAFETY: LZ4_decompress_safe never writes past dataBytes, which the buffer made room for, and never
                // reads past source.count, whatever the bytes are.
                let result = unsafe LZ4_decompress_safe(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self),
                    destination.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(source.count),
                    CInt(dataBytes))
                return Int(result) == dataBytes ? dataBytes : 0
            }
        }
        return written == dataBytes
    }
}
