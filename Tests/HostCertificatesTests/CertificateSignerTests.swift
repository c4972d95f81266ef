// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Crypto
import FoundationEssentials
import HostCertificates
import StoragePrimitives
import Testing
import X509

@Suite struct CertificateSignerTests {
    private let now = Timestamp.seconds(1_795_228_454)
    private let host = "0f8fad5b-d9cb-469f-a165-70867728950e"

    private func signer() throws -> CertificateSigner {
        try CertificateSigner(newAuthority: "Site", days: 100, now: now)
    }

    @Test(arguments: HostRole.allCases)
    func `a request gets the role and the host that the signer says`(role: HostRole) throws {
        let signer = try signer()
        let key = HostKey()
        let names = try AlternativeNames(names: ["mt.example"], addresses: ["127.0.0.1"])
        let request = try key.certificateRequest(host: "somebody-else", role: .operator, names: names)
        let pem = try signer.sign(request: request, host: host, role: role, days: 90, now: now)
        let issued = try IssuedCertificate(pemEncoded: pem)
        #expect(issued.host == host)
        #expect(issued.role == role)
        #expect(!issued.isAuthority)
        #expect(issued.alternativeNames == (role.isServer ? ["DNS:mt.example", "IP:127.0.0.1"] : []))
        #expect(issued.notAfter == DateTime(now.advanced(byNanoseconds: 90 * 86400 * 1_000_000_000)))
        #expect(try key.isKey(ofCertificate: pem))
        #expect(try !HostKey().isKey(ofCertificate: pem))
        let authority = try Certificate(pemEncoded: signer.certificatePEM)
        let leaf = try Certificate(pemEncoded: pem)
        #expect(authority.publicKey.isValidSignature(leaf.signature, for: leaf))
    }

    @Test func `a renewal keeps the names, whatever the request wants`() throws {
        let signer = try signer()
        let old = try signer.sign(
            HostKey(), host: host, role: .masterTarget,
            names: AlternativeNames(names: ["mt.example"], addresses: ["2001:db8::1"]), days: 90, now: now)
        let request = try HostKey().certificateRequest(
            host: host, role: .masterTarget, names: AlternativeNames(names: ["other.example"], addresses: []))
        let renewed = try signer.sign(
            request: request, host: host, role: .masterTarget, names: CertificateSigner.names(ofCertificate: old),
            days: 90, now: now)
        #expect(
            try IssuedCertificate(pemEncoded: renewed).alternativeNames
                == ["DNS:mt.example", "IP:2001:db8:0:0:0:0:0:1"])
    }

    @Test func `a renewal is due at two thirds of the lifetime`() throws {
        let pem = try signer().sign(HostKey(), host: host, role: .operator, names: .none, days: 90, now: now)
        let issued = try IssuedCertificate(pemEncoded: pem)
        let lifetime = 90 * 86400 + 3600
        #expect(
            issued.renewalDue
                == DateTime(issued.notBefore.timestamp.advanced(byNanoseconds: Int64(lifetime) / 3 * 2 * 1_000_000_000))
        )
    }

    @Test(arguments: [
        "", "x", "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
    ])
    func `what is no request is refused`(text: String) throws {
        let signer = try signer()
        let failure = #expect(throws: ControlFailure.self) {
            try signer.sign(request: text, host: host, role: .processServer, days: 90, now: now)
        }
        #expect(failure?.code == .invalidRequest)
    }

    @Test func `a request that another key signed is refused`() throws {
        let signer = try signer()
        let one = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName { CommonName("x") },
            privateKey: .init(P256.Signing.PrivateKey()), attributes: .init())
        let other = P256.Signing.PrivateKey()
        let forged = try CertificateSigningRequest(
            version: .v1, subject: one.subject, publicKey: .init(other.publicKey), attributes: .init(),
            signatureAlgorithm: one.signatureAlgorithm, signature: one.signature)
        let text = try forged.serializeAsPEM().pemString
        let failure = #expect(throws: ControlFailure.self) {
            try signer.sign(request: text, host: host, role: .processServer, days: 90, now: now)
        }
        #expect(failure?.message.contains("not signed with its own key") == true)
    }

    @Test func `a key of another kind is refused`() throws {
        let signer = try signer()
        let request = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName { CommonName("x") },
            privateKey: .init(Curve25519.Signing.PrivateKey()), attributes: .init())
        let text = try request.serializeAsPEM().pemString
        let failure = #expect(throws: ControlFailure.self) {
            try signer.sign(request: text, host: host, role: .processServer, days: 90, now: now)
        }
        #expect(failure?.message.contains("P-256") == true)
    }

    @Test(arguments: ["*.example", "a b", "", "x'; DROP TABLE server", String(repeating: "a", count: 254)])
    func `a name that is none is not certified`(name: String) throws {
        #expect(throws: ControlFailure.self) { try AlternativeNames(names: [name], addresses: []) }
    }

    @Test func `a key that is not the certificate's is refused`() throws {
        let failure = #expect(throws: ControlFailure.self) {
            try CertificateSigner(certificatePEM: signer().certificatePEM, keyPEM: signer().keyPEM)
        }
        #expect(failure?.code == .corrupt)
    }

    @Test func `a fingerprint is SHA-256 of the certificate's octets`() throws {
        let pem = try signer().certificatePEM
        let octets = try #require(Data(base64Encoded: pem.split(separator: "\n").dropFirst().dropLast().joined()))
        #expect(try IssuedCertificate.fingerprint(pemEncoded: pem) == Array(SHA256.hash(data: octets)))
    }
}
