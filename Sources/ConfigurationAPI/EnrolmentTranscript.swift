// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Crypto

/// What both sides of an enrolment prove that they mean: each field with its length before it, so that no two
/// transcripts have the same octets.
///
/// | size | meaning |
/// | --- | --- |
/// | 4, big-endian | octets of the field that follows |
/// | that many | the field |
///
/// Fields in order: ``protocolName``; the server's nonce; the joiner's nonce; SHA-256 of the server's TLS certificate in
/// DER; the host id; the role; SHA-256 of the certificate request, as it is sent.
///
/// Source: `trust.md`, "Enrolment".
public struct EnrolmentTranscript: Hashable, Sendable {
    /// The first field, and what a challenge says that it is for.
    public static let protocolName = "master-target enrolment v1"
    /// Octets of a SHA-256 digest and of an HMAC-SHA256.
    public static let digestBytes = 32

    let bytes: [UInt8]

    /// The transcript of one attempt.
    public init(
        serverNonce: [UInt8], joinerNonce: [UInt8], certificateFingerprint: [UInt8], hostID: String, role: HostRole,
        certificateRequest: String
    ) {
        var bytes: [UInt8] = []
        Self.append(Array(Self.protocolName.utf8), to: &bytes)
        Self.append(serverNonce, to: &bytes)
        Self.append(joinerNonce, to: &bytes)
        Self.append(certificateFingerprint, to: &bytes)
        Self.append(Array(hostID.utf8), to: &bytes)
        Self.append(Array(role.rawValue.utf8), to: &bytes)
        Self.append(Array(SHA256.hash(data: Array(certificateRequest.utf8))), to: &bytes)
        self.bytes = bytes
    }

    /// The octets that the server proves: the transcript, then the certificate and the authority's, each as sent.
    func bytes(with certificate: String, authority: String) -> [UInt8] {
        var bytes = bytes
        Self.append(Array(certificate.utf8), to: &bytes)
        Self.append(Array(authority.utf8), to: &bytes)
        return bytes
    }

    private static func append(_ field: [UInt8], to bytes: inout [UInt8]) {
        let count = UInt32(truncatingIfNeeded: field.count)
        bytes += [UInt8(count >> 24), UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
        bytes += field
    }
}

/// The two keys that a passphrase stands for: one for each direction, so that no proof can be sent back.
///
/// HKDF-SHA256 (RFC 5869) of what scrypt gave, no salt, the direction's name for info, 32 octets.
public struct EnrolmentKeys: Sendable {
    private let joiner: SymmetricKey
    private let server: SymmetricKey

    /// - Parameter passphraseKey: What ``ScryptParameters/key(for:)`` gave.
    public init(passphraseKey: [UInt8]) {
        func key(_ direction: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: passphraseKey),
                info: Array("\(EnrolmentTranscript.protocolName) \(direction)".utf8),
                outputByteCount: EnrolmentTranscript.digestBytes)
        }
        joiner = key("joiner")
        server = key("server")
    }

    func joinerProof(_ transcript: EnrolmentTranscript) -> HexBytes {
        HexBytes(Array(HMAC<SHA256>.authenticationCode(for: transcript.bytes, using: joiner)))
    }

    /// Takes the same time whatever is wrong with a proof of the right length.
    func isJoinerProof(_ proof: HexBytes, of transcript: EnrolmentTranscript) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(proof.bytes, authenticating: transcript.bytes, using: joiner)
    }

    func serverProof(_ transcript: EnrolmentTranscript, certificate: String, authority: String) -> HexBytes {
        let bytes = transcript.bytes(with: certificate, authority: authority)
        return HexBytes(Array(HMAC<SHA256>.authenticationCode(for: bytes, using: server)))
    }

    func isServerProof(
        _ proof: HexBytes, of transcript: EnrolmentTranscript, certificate: String, authority: String
    ) -> Bool {
        let bytes = transcript.bytes(with: certificate, authority: authority)
        return HMAC<SHA256>.isValidAuthenticationCode(proof.bytes, authenticating: bytes, using: server)
    }
}
