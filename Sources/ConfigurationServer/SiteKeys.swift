// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Crypto
import FoundationEssentials
import StoragePrimitives

/// What every server of a site derives from the authority's key: they need not tell each other.
struct SiteKeys: Sendable {
    /// What the passphrases' keys are sealed with in the database: who reads it cannot enrol.
    private let secrets: SymmetricKey
    /// What challenges are sealed with: one that one server gave is good at the others, and after a restart.
    let challenges: [UInt8]

    /// - Parameter authorityKey: The authority's private key, in PEM.
    init(authorityKey: String) {
        func derive(_ purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: Array(authorityKey.utf8)),
                info: Array("master-target \(purpose)".utf8), outputByteCount: 32)
        }
        secrets = derive("enrolment secrets")
        // SAFETY: copied inside the call.
        challenges = unsafe derive("enrolment challenges").withUnsafeBytes { unsafe Array($0) }
    }

    /// AES-256-GCM with a random nonce, in base64.
    func seal(_ value: EnrolmentSecrets) throws -> String {
        let box = try AES.GCM.seal(try JSON.encode(value), using: secrets)
        return (box.combined ?? Data()).base64EncodedString()
    }

    /// - Throws: ``ConfigurationFailure`` with `.unavailable` for what was sealed by another site, or changed.
    func open(_ text: String) throws -> EnrolmentSecrets {
        // Why it does not open makes no difference.
        guard let bytes = Data(base64Encoded: text), let box = try? AES.GCM.SealedBox(combined: bytes),
            let clear = try? AES.GCM.open(box, using: secrets)
        else {
            throw ConfigurationFailure(
                .unavailable, "What the database has of the passphrases was not sealed by this site, or is damaged.",
                remedy: "Restore the server from a backup.")
        }
        return try JSON.decode(EnrolmentSecrets.self, from: Array(clear))
    }
}
