// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import SQLStorage
import StoragePrimitives

extension Inventory {
    /// What is kept of the passphrases.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.unavailable` when the keys do not fit.
    func secrets(_ keys: SiteKeys) async throws -> EnrolmentSecrets {
        try await database.read { try Self.secrets(keys, $0) }
    }

    /// Makes a passphrase the newest one: at once, for all servers of the site. The others are good for an overlap.
    func rotate(to passphrase: Passphrase, overlapSeconds: UInt64, now: Timestamp, _ keys: SiteKeys) async throws {
        // It takes a second; the salt never changes.
        let key = try await secrets(keys).scrypt.key(for: passphrase)
        try await database.write { database in
            var secrets = try Self.secrets(keys, database)
            secrets.rotate(to: key, overlapSeconds: overlapSeconds, now: now)
            try database.run("UPDATE site SET secrets = \(try keys.seal(secrets))")
        }
    }

    private static func secrets(_ keys: SiteKeys, _ database: any SQLTransaction) throws -> EnrolmentSecrets {
        guard let row = try database.rows("SELECT secrets FROM site").first else {
            throw ConfigurationFailure(
                .unavailable, "The database has no site in it.", remedy: "Restore the server from a backup.")
        }
        return try keys.open(try row.text("secrets"))
    }
}
