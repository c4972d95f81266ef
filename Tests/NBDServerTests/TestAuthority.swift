// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Crypto
import Foundation
import NBDServer
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority that lives as long as a test.
struct TestAuthority {
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName
    let pem: String
    let certificate: NIOSSLCertificate

    struct Identity {
        /// Certificate and key as files have them.
        let certificatePEM: String
        let keyPEM: String
        let certificate: NIOSSLCertificate
        let key: NIOSSLPrivateKey
    }

    init() throws {
        name = try DistinguishedName { CommonName("test authority") }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date.now - 7200, notValidAfter: Date.now + 3600, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(key))
        pem = try certificate.serializeAsPEM().pemString
        self.certificate = try Self.convert(pem)
    }

    /// A certificate with those roles; tools compare the server's names with where they connected to.
    func identity(roles: [String], host: String, isExpired: Bool = false) throws -> Identity {
        let subjectKey = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            for role in roles { OrganizationalUnitName(role) }
            CommonName(host)
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(subjectKey.publicKey),
            notValidBefore: Date.now - 7200, notValidAfter: isExpired ? Date.now - 60 : Date.now + 3600, issuer: name,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames([.dnsName("localhost")])
            },
            issuerPrivateKey: .init(key))
        let pem = try certificate.serializeAsPEM().pemString
        return Identity(
            certificatePEM: pem, keyPEM: subjectKey.pemRepresentation, certificate: try Self.convert(pem),
            key: try NIOSSLPrivateKey(bytes: Array(subjectKey.pemRepresentation.utf8), format: .pem))
    }

    private static func convert(_ pem: String) throws -> NIOSSLCertificate {
        try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)
    }

    func trust(_ identity: Identity) -> NBDTrust {
        NBDTrust(certificateChain: [identity.certificate], privateKey: identity.key, authority: [certificate])
    }

    /// How a client of this authority speaks TLS.
    func client(_ identity: Identity?) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([certificate])
        configuration.certificateVerification = .noHostnameVerification
        if let identity {
            configuration.certificateChain = [.certificate(identity.certificate)]
            configuration.privateKey = .privateKey(identity.key)
        }
        return try NIOSSLContext(configuration: configuration)
    }
}
