// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import StoragePrimitives
import Synchronization

/// Enrols and renews: holds the authority's key and counts attempts.
final class EnrolmentDesk: Sendable {
    private struct State {
        var authority: EnrolmentAuthority
        var challenges = AttemptLimiter(each: .init(burst: 30, every: 1), total: .init(burst: 600, every: 0.02))
        var attempts = AttemptLimiter(each: .init(burst: 10, every: 6), total: .init(burst: 100, every: 0.6))
    }

    private let state: Mutex<State>
    private let signer: CertificateSigner
    private let authorityPEM: String
    private let keys: SiteKeys
    private let inventory: Inventory
    private let certificateDays: Int

    init(_ folder: StateFolder, inventory: Inventory, certificateDays: Int) async throws {
        keys = try folder.keys()
        self.inventory = inventory
        self.certificateDays = certificateDays
        signer = try folder.signer()
        authorityPEM = try signer.certificatePEM
        let secrets = try await inventory.secrets(keys)
        let authority = EnrolmentAuthority(
            certificateFingerprint: try folder.serverCertificate().fingerprint.bytes, scrypt: secrets.scrypt,
            accepted: secrets.accepted, challengeKey: keys.challenges)
        state = Mutex(State(authority: authority))
    }

    func challenge(from address: String, now: Timestamp) throws -> EnrolmentChallenge {
        try state.withLock { state in
            guard state.challenges.attempt(from: address, now: now) else { throw Self.tooMany }
            return state.authority.challenge(random: Randomness.bytes(EnrolmentAuthority.randomBytes), now: now)
        }
    }

    func enrol(_ request: EnrolmentRequest, from address: String, now: Timestamp) async throws -> EnrolmentAnswer {
        guard state.withLock({ $0.attempts.attempt(from: address, now: now) }) else { throw Self.tooMany }
        // Read each time: a passphrase that was rotated is good at once, and one that leaked is not any more.
        let accepted = try await inventory.secrets(keys).accepted
        let proven = try state.withLock { state in
            state.authority.accept(accepted)
            return try state.authority.receivedRequest(request, now: now)
        }
        let signed = try sign(proven.certificateRequest, of: proven.identity.hostID, proven.identity.role, now: now)
        try await inventory.enrol(
            proven.identity, with: signed, challenge: proven.challenge, address: address, now: now)
        state.withLock { state in
            state.attempts.succeeded(from: address)
            state.challenges.succeeded(from: address)
        }
        return proven.answer(certificate: signed.pem, authority: authorityPEM)
    }

    func renew(
        _ request: RenewalRequest, of peer: IssuedCertificate, from address: String, now: Timestamp
    ) async throws -> RenewalAnswer {
        if let complaint = request.machine.complaint { throw ConfigurationFailure.wrong(complaint) }
        let row = try await inventory.server(peer.host, on: request.machine, address: address, now: now)
        guard peer.renewalDue.timestamp <= now else {
            throw ConfigurationFailure(
                .conflict, "The certificate is not due for renewal before \(peer.renewalDue).",
                remedy: "Ask again then.")
        }
        guard let role = HostRole(rawValue: row.role), role == peer.role else { throw ConfigurationFailure.takenBack }
        // The names stay: to be reached by others needs the passphrase again.
        let names = try CertificateSigner.names(ofCertificate: row.certificate)
        let signed = try sign(request.certificateRequest, of: peer.host, role, names: names, now: now)
        try await inventory.renewed(peer.host, with: signed, now: now)
        return RenewalAnswer(certificate: signed.pem, authority: authorityPEM)
    }

    private func sign(
        _ request: String, of hostID: String, _ role: HostRole, names: AlternativeNames? = nil, now: Timestamp
    ) throws -> SignedCertificate {
        guard request.utf8.count <= EnrolmentRequest.maximumRequestBytes else {
            throw ConfigurationFailure.wrong("The certificate request is too long.")
        }
        do {
            return try SignedCertificate(
                pem: signer.sign(
                    request: request, host: hostID, role: role, names: names, days: certificateDays, now: now))
        } catch let failure as ControlFailure {
            throw ConfigurationFailure(.invalidRequest, failure.message, remedy: failure.remedy)
        }
    }

    private static let tooMany = ConfigurationFailure(
        .tooManyRequests, "There were too many attempts to enrol.", remedy: "Try again in a minute.")
}

extension ConfigurationFailure {
    static func wrong(_ complaint: String) -> ConfigurationFailure {
        ConfigurationFailure(.invalidRequest, complaint, remedy: "Correct the request.")
    }
}
