// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Octets of the system's generator (getrandom): fit for nonces and passphrases.
enum Randomness {
    static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
