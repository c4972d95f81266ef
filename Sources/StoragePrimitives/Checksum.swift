// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CXXHash

/// XXH3, 64 bits, of a payload or a header.
///
/// The one checksum that goes with a block from the source to the recovered disk: the sender makes it, the receiver
/// checks it, the journal keeps it, and every read from history checks it again. It finds damage, not malice: the peers
/// are authenticated by TLS.
///
/// Source: xxHash, `XXH3_64bits_withSeed`.
public struct Checksum: RawRepresentable, Hashable, Sendable {
    /// The hash.
    public let rawValue: UInt64

    /// A hash that was computed elsewhere.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The checksum of `bytes`, with `seed` (0 for payloads; a file's own seed for its record headers).
    public init(of bytes: RawSpan, seed: UInt64 = 0) {
        rawValue = unsafe bytes.withUnsafeBytes { buffer in
            // SAFETY: the buffer outlives the call and XXH3 only reads it.
            unsafe CXXHash_XXH3_64bits(buffer.baseAddress, buffer.count, seed)
        }
    }
}

/// XXH3, 128 bits, seeded for one comparison: what a resync compares instead of the data.
///
/// The seed is drawn for each session, so that content cannot be prepared to collide.
///
/// Source: xxHash, `XXH3_128bits_withSeed`.
public struct RangeDigest: Hashable, Sendable {
    /// The low 64 bits of the hash.
    public let low: UInt64
    /// The high 64 bits of the hash.
    public let high: UInt64

    /// A hash that was computed elsewhere.
    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// The digest of `bytes`, with the seed of the comparison.
    public init(of bytes: RawSpan, seed: UInt64) {
        let hash = unsafe bytes.withUnsafeBytes { buffer in
            // SAFETY: the buffer outlives the call and XXH3 only reads it.
            unsafe CXXHash_XXH3_128bits(buffer.baseAddress, buffer.count, seed)
        }
        low = hash.low
        high = hash.high
    }
}
