// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Crypto
import CryptoExtras

/// What scrypt (RFC 7914) is told besides the passphrase. A joining server gets it from whoever answers on the address,
/// so it is checked before any of it is believed.
public struct ScryptParameters: Hashable, Sendable, Codable {
    /// N, a power of two: the number of blocks kept in memory.
    public var cost: Int
    /// r: the size of a block in units of 128 octets.
    public var blockSize: Int
    /// p: how many times all of it is done.
    public var parallelism: Int
    /// Makes a table of passphrases worthless elsewhere: 16 to 32 octets.
    public var salt: HexBytes

    /// Below it, whoever answers could try passphrases on what the joiner sends too cheaply.
    public static let leastCost = 1 << 14
    /// The most memory that a derivation may take.
    public static let mostMemoryBytes = 256 << 20
    /// The most that N·r·p may be: about ten times what ``standard(salt:)`` takes.
    public static let mostWork = 1 << 23
    /// Octets of the derived key.
    public static let keyBytes = 32

    /// Parameters.
    public init(cost: Int, blockSize: Int, parallelism: Int, salt: HexBytes) {
        self.cost = cost
        self.blockSize = blockSize
        self.parallelism = parallelism
        self.salt = salt
    }

    /// What a new server uses: 64 MiB, a fraction of a second.
    public static func standard(salt: HexBytes) -> ScryptParameters {
        ScryptParameters(cost: 1 << 16, blockSize: 8, parallelism: 1, salt: salt)
    }

    /// What of it is unsafe, as a sentence, or nil.
    public var complaint: String? {
        guard cost >= Self.leastCost, cost <= 1 << 24, cost & (cost - 1) == 0 else {
            return "N is \(cost); it must be a power of two from \(Self.leastCost)."
        }
        guard (8...32).contains(blockSize) else { return "r is \(blockSize); it must be 8 to 32." }
        guard (1...16).contains(parallelism) else { return "p is \(parallelism); it must be 1 to 16." }
        // No overflow: below 2^24 × 2^5 × 2^4 and 2^7 × 2^25 × 2^5.
        guard cost * blockSize * parallelism <= Self.mostWork else { return "N, r and p together take too long." }
        guard 128 * blockSize * (cost + parallelism + 1) <= Self.mostMemoryBytes else {
            return "N and r take more than \(Self.mostMemoryBytes >> 20) MiB of memory."
        }
        guard (16...32).contains(salt.bytes.count) else {
            return "The salt has \(salt.bytes.count) octets; it must have 16 to 32."
        }
        return nil
    }

    /// The key that a passphrase stands for. Takes the memory and the time that the parameters say: run it on a thread
    /// of its own.
    ///
    /// - Returns: ``keyBytes`` octets.
    /// - Throws: ``ConfigurationFailure`` with `.unsafeParameters`.
    public func key(for passphrase: Passphrase) throws(ConfigurationFailure) -> [UInt8] {
        if let complaint {
            throw ConfigurationFailure(
                .unsafeParameters, "The key derivation that the server asks for is refused: \(complaint)",
                remedy: "Make sure that this is the configuration server.")
        }
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: Array(passphrase.text.utf8), salt: salt.bytes, outputByteCount: Self.keyBytes, rounds: cost,
                blockSize: blockSize, parallelism: parallelism, maxMemory: Self.mostMemoryBytes)
            return unsafe key.withUnsafeBytes { unsafe Array($0) }
        } catch {
            throw ConfigurationFailure(
                .unavailable, "The key could not be derived from the passphrase (\(error)).",
                remedy: "Free \(cost * blockSize * 128 >> 20) MiB of memory.")
        }
    }
}
