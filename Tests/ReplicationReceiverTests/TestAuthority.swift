// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Crypto
import Foundation
import NIOSSL
import ReplicationReceiver
import SwiftASN1
import X509

/// A certificate authority that lives as long as a test.
struct TestAuthority {
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName
    let certificate: NIOSSLCertificate

    struct Identity {
        let certificate: NIOSSLCertificate
        let key: NIOSSLPrivateKey
    }

    init() throws {
        name = try DistinguishedName { CommonName("test authority") }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date.now - 3600, notValidAfter: Date.now + 3600, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(key))
        self.certificate = try Self.convert(certificate)
    }

    func identity(role: String?, host: String, isExpired: Bool = false) throws -> Identity {
        let subjectKey = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            if let role { OrganizationalUnitName(role) }
            CommonName(host)
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(subjectKey.publicKey),
            notValidBefore: Date.now - 7200, notValidAfter: isExpired ? Date.now - 60 : Date.now + 3600, issuer: name,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions { Critical(BasicConstraints.notCertificateAuthority) },
            issuerPrivateKey: .init(key))
        return Identity(
            certificate: try Self.convert(certificate),
            key: try NIOSSLPrivateKey(bytes: Array(subjectKey.pemRepresentation.utf8), format: .pem))
    }

    private static func convert(_ certificate: Certificate) throws -> NIOSSLCertificate {
        try NIOSSLCertificate(bytes: Array(certificate.serializeAsPEM().pemString.utf8), format: .pem)
    }

    func trust(_ identity: Identity) -> ReceiverTrust {
        ReceiverTrust(
            certificateChain: [identity.certificate], privateKey: identity.key, authority: [certificate])
    }
}
