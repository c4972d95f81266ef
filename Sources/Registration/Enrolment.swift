// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import LinuxSystem
import NIOCore
import NIOSSL
import StoragePrimitives

/// Enrols this machine with a passphrase.
public enum Enrolment {
    private static let thread = DiskThread(name: "mt-scrypt")

    /// Tries one address after the other until one answers. An answer that refuses is final.
    ///
    /// - Parameters:
    ///   - endpoints: Where the server may be, in the order to try them.
    ///   - names: What others reach this host by; none for a host that nobody connects to.
    ///   - pinnedFingerprint: SHA-256 of the server's TLS certificate, when it is known beforehand.
    /// - Throws: ``ConfigurationFailure``; with `.unavailable` when no address answers.
    public static func enrol(
        at endpoints: [ServerEndpoint], identity: JoinerIdentity, names: AlternativeNames, passphrase: Passphrase,
        pinnedFingerprint: [UInt8]? = nil
    ) async throws -> Credentials {
        try await FirstAnswer.of(endpoints) { endpoint in
            // A second, and more memory than anything else here: neither an event loop nor the pool waits for it.
            try await enrol(at: endpoint, identity: identity, names: names, pinnedFingerprint: pinnedFingerprint) {
                parameters in try await thread.run { try parameters.key(for: passphrase) }
            }
        }
    }

    /// - Parameter deriveKey: Gives the passphrase's key; a load of a thousand hosts derives it once.
    package static func enrol(
        at endpoint: ServerEndpoint, identity: JoinerIdentity, names: AlternativeNames, pinnedFingerprint: [UInt8]?,
        deriveKey: (ScryptParameters) async throws -> [UInt8]
    ) async throws -> Credentials {
        let key = HostKey()
        var generator = SystemRandomNumberGenerator()
        var joiner = EnrolmentJoiner(
            identity: identity,
            certificateRequest: try key.certificateRequest(
                host: identity.hostID, role: identity.role, names: names),
            nonce: (0..<EnrolmentRequest.joinerNonceBytes).map { _ in .random(in: .min ... .max, using: &generator) },
            pinnedFingerprint: pinnedFingerprint)
        let (challenge, fingerprint) = try await ServerConnection.with(endpoint, trusting: .anybody) { connection in
            let challenge: EnrolmentChallenge = try await connection.post(ConfigurationPath.challenge, Nothing())
            return (challenge, connection.fingerprint)
        }
        let parameters: ScryptParameters
        switch joiner.receivedChallenge(challenge, certificateFingerprint: fingerprint) {
        case .deriveKey(let safe): parameters = safe
        case .fail(let failure): throw failure
        }
        let passphraseKey = try await deriveKey(parameters)
        let request: EnrolmentRequest
        let shown: [UInt8]
        switch joiner.derivedKey(passphraseKey) {
        case .send(let ready, let certificateFingerprint): (request, shown) = (ready, certificateFingerprint)
        case .fail(let failure): throw failure
        }
        let answer = try await ServerConnection.with(endpoint, trusting: .fingerprint(shown)) { connection in
            try await connection.post(ConfigurationPath.enrolment, request) as EnrolmentAnswer
        }
        switch joiner.receivedAnswer(answer) {
        case .trust(let certificate, let authority):
            return try Credentials(certificate: certificate, key: key, authority: authority)
        case .fail(let failure): throw failure
        }
    }
}

struct Nothing: Codable {}

/// Several addresses of one server: the first that answers counts.
enum FirstAnswer {
    /// - Throws: What the server refused with; when none answers, ``ConfigurationFailure`` with `.unavailable` that names
    ///   each address and why.
    static func of<Result>(
        _ endpoints: [ServerEndpoint], _ attempt: (ServerEndpoint) async throws -> Result
    ) async throws -> Result {
        var problems: [String] = []
        for endpoint in endpoints {
            do {
                return try await attempt(endpoint)
            } catch let failure as ConfigurationFailure {
                throw failure
            } catch let error as CancellationError {
                throw error
            } catch {
                problems.append("\(endpoint): \(error)")
            }
        }
        throw ConfigurationFailure(
            .unavailable, "No configuration server answered (\(problems.joined(separator: "; "))).",
            remedy: "Check the addresses, name resolution, and that TCP reaches the port.")
    }
}
