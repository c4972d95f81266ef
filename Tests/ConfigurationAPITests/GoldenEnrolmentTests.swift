// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Testing

/// Values that another implementation gave (Python's hashlib.scrypt, hmac and struct), for the fixed inputs of
/// ``Enrolment``.
@Suite struct GoldenEnrolmentTests {
    static let key = "32110c85bf0bde6dec44f1487bc93a898eb3a4fa583ffb0026f045161c947e9f"
    static let joinerProof = "4a5c2872c0b827d2b4c45891a77c2f7936d370af02ea689c11efdb6aa9f7b12c"
    static let serverProof = "e5d2c190a1ff480e31ed46cc0c71ec07a69fcf3bf3f25e4c9ada546876b1a27f"

    @Test func `scrypt gives the key that RFC 7914 says`() throws {
        let key = try Enrolment.scrypt.key(for: Passphrase("correct-horse-battery-staple"))
        #expect(HexBytes(key).description == Self.key)
    }

    @Test func `both proofs are those of another implementation`() throws {
        let key = try #require(HexBytes(Self.key)).bytes
        var joiner = Enrolment.joiner()
        let challenge = EnrolmentChallenge(
            protocol: "master-target enrolment v1", serverNonce: HexBytes(Array(repeating: 0xA0, count: 56)),
            scrypt: Enrolment.scrypt, expires: DateTime(Enrolment.now))
        let request = try Enrolment.request(for: challenge, from: &joiner, key: key)
        #expect(request.proof.description == Self.joinerProof)
        let proof = try #require(HexBytes(Self.serverProof))
        let answer = EnrolmentAnswer(certificate: "CERT\n", authority: "CA\n", proof: proof)
        #expect(joiner.receivedAnswer(answer) == .trust(certificate: "CERT\n", authority: "CA\n"))
    }
}
