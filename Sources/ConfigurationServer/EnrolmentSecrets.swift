// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// What is kept of the passphrases: what scrypt gave, and the salt. Whoever has it can enrol, so the database has
/// it sealed (``SiteKeys``).
struct EnrolmentSecrets: Codable, Sendable {
    struct Key: Codable, Sendable {
        let key: HexBytes
        let made: DateTime
        /// When it ends to be good; nil for the newest.
        var until: DateTime?
    }

    /// One salt for all passphrases of a server: a challenge is the same for who has the old one and who has the new one.
    let scrypt: ScryptParameters
    /// The newest last.
    var keys: [Key]

    /// The most passphrases that are good at once.
    static let maximumKeys = 8

    /// The first passphrase of a new server.
    init(_ passphrase: Passphrase, scrypt: ScryptParameters, now: Timestamp) throws {
        self.scrypt = scrypt
        keys = [Key(key: HexBytes(try scrypt.key(for: passphrase)), made: DateTime(now))]
    }

    /// A new passphrase; those before it are good for `overlapSeconds` more, if they were good that long.
    ///
    /// - Parameter key: What scrypt gave for it.
    mutating func rotate(to key: [UInt8], overlapSeconds: UInt64, now: Timestamp) {
        let end = now.advanced(byNanoseconds: Int64(clamping: overlapSeconds).multipliedClamped(by: 1_000_000_000))
        keys = keys.map { key in
            var key = key
            key.until = min(key.until ?? DateTime(end), DateTime(end))
            return key
        }
        keys.removeAll { key in key.until.map { $0.timestamp <= now } ?? false }
        keys = keys.suffix(Self.maximumKeys - 1)
        keys.append(Key(key: HexBytes(key), made: DateTime(now)))
    }

    var accepted: [EnrolmentAuthority.AcceptedKey] {
        keys.map { .init(passphraseKey: $0.key.bytes, until: $0.until?.timestamp) }
    }
}

extension Int64 {
    fileprivate func multipliedClamped(by factor: Int64) -> Int64 {
        let (value, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : value
    }
}
