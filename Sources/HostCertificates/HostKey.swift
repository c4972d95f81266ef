// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Crypto
import SwiftASN1
import X509

/// A host's own key: P-256.
public struct HostKey: Sendable {
    let key: P256.Signing.PrivateKey

    /// A new one.
    public init() { key = P256.Signing.PrivateKey() }

    /// Reads a key in PEM.
    ///
    /// - Throws: An error of the parser.
    public init(pemEncoded text: String) throws { key = try P256.Signing.PrivateKey(pemRepresentation: text) }

    /// In PEM (PKCS #8), with a newline at the end.
    public var pem: String { key.pemRepresentation + "\n" }

    /// A certificate request (RFC 2986) in PEM. The subject is a courtesy: who signs it decides what the certificate says.
    public func certificateRequest(host: String, role: HostRole, names: AlternativeNames) throws -> String {
        let extensions = try Certificate.Extensions {
            if !names.names.isEmpty { SubjectAlternativeNames(names.names) }
        }
        let request = try CertificateSigningRequest(
            version: .v1, subject: CertificateSigner.subject(host: host, role: role), privateKey: .init(key),
            attributes: CertificateSigningRequest.Attributes(
                names.names.isEmpty ? [] : [try .init(ExtensionRequest(extensions: extensions))]))
        return try request.serializeAsPEM().pemString + "\n"
    }

    /// Whether a certificate in PEM is for this key.
    ///
    /// - Throws: An error of the parser for what is no certificate.
    public func isKey(ofCertificate pem: String) throws -> Bool {
        try Certificate(pemEncoded: pem).publicKey == .init(key.publicKey)
    }
}
