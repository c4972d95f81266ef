// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The side of an enrolment that knows a passphrase and wants a certificate.
///
/// ```
/// awaitingChallenge ─challenge─► derivingKey ─key─► awaitingAnswer ─answer─► finished
///         └──────────── anything wrong ──┴─────────────────┴──────────────►  failed
/// ```
///
/// Does no I/O and derives no key: scrypt takes a while, and the caller decides on which thread.
public struct EnrolmentJoiner: ~Copyable {
    /// What a challenge leads to.
    public enum ChallengeAction: Hashable, Sendable {
        /// Derive the key with these parameters, which have been checked.
        case deriveKey(ScryptParameters)
        /// The enrolment is over.
        case fail(ConfigurationFailure)
    }

    /// What a derived key leads to.
    public enum KeyAction: Hashable, Sendable {
        /// Send it, over a connection that shows this TLS certificate and no other.
        case send(EnrolmentRequest, certificateFingerprint: [UInt8])
        /// The enrolment is over.
        case fail(ConfigurationFailure)
    }

    /// What an answer leads to.
    public enum AnswerAction: Hashable, Sendable {
        /// The server knows the passphrase: trust its authority, use the certificate.
        case trust(certificate: String, authority: String)
        /// The enrolment is over.
        case fail(ConfigurationFailure)
    }

    enum State {
        case awaitingChallenge
        case derivingKey(EnrolmentTranscript, serverNonce: HexBytes, certificateFingerprint: [UInt8])
        case awaitingAnswer(EnrolmentTranscript, EnrolmentKeys)
        case finished
        case failed
    }

    private let identity: JoinerIdentity
    private let certificateRequest: String
    private let nonce: [UInt8]
    private let pinnedFingerprint: [UInt8]?
    private var state: State = .awaitingChallenge

    /// - Parameters:
    ///   - certificateRequest: PKCS #10 in PEM.
    ///   - nonce: 32 octets of the system's generator, made for this attempt.
    ///   - pinnedFingerprint: SHA-256 of the server's TLS certificate, when it is known beforehand.
    public init(
        identity: JoinerIdentity, certificateRequest: String, nonce: [UInt8], pinnedFingerprint: [UInt8]? = nil
    ) {
        precondition(nonce.count == EnrolmentRequest.joinerNonceBytes, "a joiner's nonce has 32 octets")
        self.identity = identity
        self.certificateRequest = certificateRequest
        self.nonce = nonce
        self.pinnedFingerprint = pinnedFingerprint
    }

    /// The server's challenge came over a connection whose TLS certificate has this SHA-256.
    public mutating func receivedChallenge(
        _ challenge: EnrolmentChallenge, certificateFingerprint: [UInt8]
    ) -> ChallengeAction {
        switch state {
        case .awaitingChallenge:
            if let refusal = Self.refusal(of: challenge, certificateFingerprint, pinned: pinnedFingerprint) {
                state = .failed
                return .fail(refusal)
            }
            let transcript = EnrolmentTranscript(
                serverNonce: challenge.serverNonce.bytes, joinerNonce: nonce,
                certificateFingerprint: certificateFingerprint, hostID: identity.hostID, role: identity.role,
                certificateRequest: certificateRequest)
            state = .derivingKey(
                transcript, serverNonce: challenge.serverNonce, certificateFingerprint: certificateFingerprint)
            return .deriveKey(challenge.scrypt)
        case .derivingKey, .awaitingAnswer, .finished, .failed:
            state = .failed
            return .fail(Self.outOfOrder("challenge"))
        }
    }

    /// The key was derived from the passphrase.
    public mutating func derivedKey(_ key: [UInt8]) -> KeyAction {
        switch state {
        case .derivingKey(let transcript, let serverNonce, let certificateFingerprint):
            let keys = EnrolmentKeys(passphraseKey: key)
            let request = EnrolmentRequest(
                protocol: EnrolmentTranscript.protocolName, serverNonce: serverNonce, joinerNonce: HexBytes(nonce),
                identity: identity, certificateRequest: certificateRequest, proof: keys.joinerProof(transcript))
            state = .awaitingAnswer(transcript, keys)
            return .send(request, certificateFingerprint: certificateFingerprint)
        case .awaitingChallenge, .awaitingAnswer, .finished, .failed:
            state = .failed
            return .fail(Self.outOfOrder("derived key"))
        }
    }

    /// The server's answer came.
    public mutating func receivedAnswer(_ answer: EnrolmentAnswer) -> AnswerAction {
        switch state {
        case .awaitingAnswer(let transcript, let keys):
            guard
                keys.isServerProof(
                    answer.proof, of: transcript, certificate: answer.certificate, authority: answer.authority)
            else {
                state = .failed
                return .fail(
                    ConfigurationFailure(
                        .serverNotProven, "The answer does not prove that the server knows the passphrase.",
                        remedy: "Somebody may be between this machine and the server: compare the fingerprints."))
            }
            state = .finished
            return .trust(certificate: answer.certificate, authority: answer.authority)
        case .awaitingChallenge, .derivingKey, .finished, .failed:
            state = .failed
            return .fail(Self.outOfOrder("answer"))
        }
    }

    private static func refusal(
        of challenge: EnrolmentChallenge, _ fingerprint: [UInt8], pinned: [UInt8]?
    ) -> ConfigurationFailure? {
        if let pinned, pinned != fingerprint {
            return ConfigurationFailure(
                .fingerprintMismatch,
                "The server's TLS certificate has the fingerprint \(HexBytes(fingerprint)), not "
                    + "\(HexBytes(pinned)).",
                remedy: "Compare it with what mt-configuration-server show prints on the server itself.")
        }
        guard challenge.protocol == EnrolmentTranscript.protocolName else {
            return ConfigurationFailure(
                .unsupportedVersion,
                "The server speaks another enrolment protocol than \"\(EnrolmentTranscript.protocolName)\".",
                remedy: "Install the same version on both.")
        }
        guard (16...HexBytes.maximumCount).contains(challenge.serverNonce.bytes.count) else {
            return ConfigurationFailure(
                .invalidRequest, "The server's nonce has \(challenge.serverNonce.bytes.count) octets.",
                remedy: "Make sure that this is the configuration server.")
        }
        return challenge.scrypt.complaint.map { complaint in
            ConfigurationFailure(
                .unsafeParameters, "The key derivation that the server asks for is refused: \(complaint)",
                remedy: "Make sure that this is the configuration server.")
        }
    }

    private static func outOfOrder(_ event: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .outOfOrder, "A \(event) came when none was expected.", remedy: "Begin the enrolment again.")
    }
}
