// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Crypto
import StoragePrimitives

/// The side of an enrolment that knows what the passphrase derives to and gives certificates.
///
/// A challenge takes no memory: its nonce carries its own expiry under a seal. Only nonces that somebody used are
/// remembered, until they expire, and no more than ``maximumSpent`` of them. Authorities that have the seal's key in common
/// take each other's challenges; they have to remember together what was used: ``Proven/challenge``.
///
/// The nonce, 56 octets: 16 random, 8 the expiry in nanoseconds since 1970 (big-endian), 32 HMAC-SHA256 of both.
public struct EnrolmentAuthority: Sendable {
    /// What scrypt gave for one passphrase.
    public struct AcceptedKey: Sendable {
        let keys: EnrolmentKeys
        let until: Timestamp?

        /// - Parameters:
        ///   - passphraseKey: 32 octets.
        ///   - until: When it ends to be good; nil for never.
        public init(passphraseKey: [UInt8], until: Timestamp?) {
            keys = EnrolmentKeys(passphraseKey: passphraseKey)
            self.until = until
        }
    }

    /// A challenge that was used.
    public struct Challenge: Hashable, Sendable {
        /// Its nonce.
        public let nonce: HexBytes
        /// Until when it has to be remembered.
        public let expires: Timestamp
    }

    /// A request whose proof holds. It is answered once the certificate is made.
    public struct Proven: Sendable {
        /// Who joins.
        public let identity: JoinerIdentity
        /// PKCS #10 in PEM; not looked at yet.
        public let certificateRequest: String
        /// What it answers.
        public let challenge: Challenge
        let transcript: EnrolmentTranscript
        let keys: EnrolmentKeys

        /// What to answer: the certificates, and the proof that this server knows the passphrase too.
        public consuming func answer(certificate: String, authority: String) -> EnrolmentAnswer {
            EnrolmentAnswer(
                certificate: certificate, authority: authority,
                proof: keys.serverProof(transcript, certificate: certificate, authority: authority))
        }
    }

    /// How long a challenge is good, in nanoseconds: deriving the key takes a second or two on a slow machine.
    public static let challengeLifetime: Int64 = 120 * 1_000_000_000
    /// The most nonces that are remembered as used; the rate limit lets fewer come.
    public static let maximumSpent = 4096
    /// Octets of randomness that a challenge needs.
    public static let randomBytes = 16
    private static let nonceBytes = 56

    private let certificateFingerprint: [UInt8]
    private let scrypt: ScryptParameters
    private let seal: SymmetricKey
    private var accepted: [AcceptedKey]
    private var spent: [HexBytes: Timestamp] = [:]

    /// - Parameters:
    ///   - certificateFingerprint: SHA-256 of the TLS certificate that this server shows.
    ///   - scrypt: How all accepted keys were derived.
    ///   - challengeKey: 32 octets that seal challenges; without, a key that dies with this value.
    public init(
        certificateFingerprint: [UInt8], scrypt: ScryptParameters, accepted: [AcceptedKey],
        challengeKey: [UInt8]? = nil
    ) {
        self.certificateFingerprint = certificateFingerprint
        self.scrypt = scrypt
        self.accepted = accepted
        seal = challengeKey.map { SymmetricKey(data: $0) } ?? SymmetricKey(size: .bits256)
    }

    /// The keys that are good from now on: after a passphrase was rotated.
    public mutating func accept(_ keys: [AcceptedKey]) { accepted = keys }

    /// A new challenge.
    ///
    /// - Parameter random: ``randomBytes`` octets of the system's generator.
    public func challenge(random: [UInt8], now: Timestamp) -> EnrolmentChallenge {
        precondition(random.count == Self.randomBytes, "a challenge needs 16 random octets")
        let expires = now.advanced(byNanoseconds: Self.challengeLifetime)
        let time = UInt64(bitPattern: expires.rawValue)
        let head = random + (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * UInt64($0))) }
        let nonce = head + Array(HMAC<SHA256>.authenticationCode(for: head, using: seal))
        return EnrolmentChallenge(
            protocol: EnrolmentTranscript.protocolName, serverNonce: HexBytes(nonce), scrypt: scrypt,
            expires: DateTime(expires))
    }

    /// Checks a request. Its nonce is used up by that, whatever the outcome.
    ///
    /// Every proof is compared with every accepted key, so that the time does not tell which one it was, or none.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.unsupportedVersion`, `.invalidRequest`, `.challengeExpired`,
    ///   `.challengeSpent`, `.tooManyRequests`, `.proofInvalid` or, for a role that is not enrolled, `.notPermitted`.
    public mutating func receivedRequest(
        _ request: EnrolmentRequest, now: Timestamp
    ) throws(ConfigurationFailure) -> Proven {
        try checkForm(request)
        let expires = try spend(request.serverNonce, now: now)
        let transcript = EnrolmentTranscript(
            serverNonce: request.serverNonce.bytes, joinerNonce: request.joinerNonce.bytes,
            certificateFingerprint: certificateFingerprint, hostID: request.identity.hostID,
            role: request.identity.role, certificateRequest: request.certificateRequest)
        var found: EnrolmentKeys?
        for key in accepted {
            let isProven = key.keys.isJoinerProof(request.proof, of: transcript)
            if isProven, key.until.map({ now < $0 }) ?? true { found = key.keys }
        }
        guard let keys = found else {
            throw ConfigurationFailure(
                .proofInvalid, "The proof of the passphrase does not hold.",
                remedy: "Check the passphrase, and that nothing between the two machines opens TLS.")
        }
        guard Self.enrolledRoles.contains(request.identity.role) else {
            throw ConfigurationFailure(
                .notPermitted,
                "The passphrase does not make a certificate for the role \(request.identity.role.rawValue).",
                remedy: "It enrols master targets and process servers; make others on the configuration server itself.")
        }
        return Proven(
            identity: request.identity, certificateRequest: request.certificateRequest,
            challenge: Challenge(nonce: request.serverNonce, expires: expires), transcript: transcript, keys: keys)
    }

    /// What a passphrase is enough for. Operators are made by who has the server's files, not by who has the passphrase.
    public static let enrolledRoles: Set<HostRole> = [.masterTarget, .processServer]

    private func checkForm(_ request: EnrolmentRequest) throws(ConfigurationFailure) {
        guard request.protocol == EnrolmentTranscript.protocolName else {
            throw ConfigurationFailure(
                .unsupportedVersion, "The enrolment protocol is not \"\(EnrolmentTranscript.protocolName)\".",
                remedy: "Install the same version on both.")
        }
        var complaint = request.identity.complaint
        if request.joinerNonce.bytes.count != EnrolmentRequest.joinerNonceBytes {
            complaint = "The joiner's nonce has \(request.joinerNonce.bytes.count) octets; it must have 32."
        }
        if request.certificateRequest.utf8.count > EnrolmentRequest.maximumRequestBytes {
            complaint = "The certificate request has more than \(EnrolmentRequest.maximumRequestBytes) octets."
        }
        guard let complaint else { return }
        throw ConfigurationFailure(.invalidRequest, complaint, remedy: "Correct the request.")
    }

    /// - Returns: When it expires.
    private mutating func spend(_ nonce: HexBytes, now: Timestamp) throws(ConfigurationFailure) -> Timestamp {
        let again = "Ask for a new challenge."
        let bytes = nonce.bytes
        guard bytes.count == Self.nonceBytes,
            HMAC<SHA256>.isValidAuthenticationCode(bytes[24...], authenticating: bytes[..<24], using: seal)
        else {
            throw ConfigurationFailure(.challengeExpired, "The challenge is not one of this server.", remedy: again)
        }
        let expires = Timestamp(rawValue: Int64(bitPattern: bytes[16..<24].reduce(0) { $0 << 8 | UInt64($1) }))
        guard now < expires else {
            throw ConfigurationFailure(.challengeExpired, "The challenge has expired.", remedy: again)
        }
        spent = spent.filter { now < $0.value }
        guard spent[nonce] == nil else {
            throw ConfigurationFailure.challengeSpent
        }
        guard spent.count < Self.maximumSpent else {
            throw ConfigurationFailure(
                .tooManyRequests, "More enrolments are attempted than the server remembers.", remedy: "Try later.")
        }
        spent[nonce] = expires
        return expires
    }
}

extension ConfigurationFailure {
    /// A challenge that came a second time.
    public static let challengeSpent = ConfigurationFailure(
        .challengeSpent, "The challenge was used before.", remedy: "Ask for a new challenge.")
}
