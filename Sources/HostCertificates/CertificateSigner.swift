// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Crypto
import FoundationEssentials
import StoragePrimitives
import SwiftASN1
import X509

/// An authority's certificate and its P-256 key: signs the certificates of hosts.
public struct CertificateSigner: Sendable {
    let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// Makes a new authority that signs itself.
    ///
    /// - Parameters:
    ///   - name: The common name.
    ///   - days: Until it expires.
    public init(newAuthority name: String, days: Int, now: Timestamp) throws {
        key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            OrganizationName("Master Target")
            CommonName(name)
        }
        let publicKey = Certificate.PublicKey(key.publicKey)
        certificate = try Self.certificate(
            publicKey: publicKey, subject: subject, issuer: subject, validity: Validity(from: now, days: days),
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: publicKey)
            }, with: key)
    }

    /// Reads an authority.
    ///
    /// - Throws: An error of the parser; ``ControlFailure`` with `.corrupt` when the key is not the certificate's.
    public init(certificatePEM: String, keyPEM: String) throws {
        certificate = try Certificate(pemEncoded: certificatePEM)
        key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM)
        guard certificate.publicKey == .init(key.publicKey) else {
            throw ControlFailure(
                .corrupt, "The authority's key is not the key of its certificate.",
                remedy: "Restore both files from one backup.")
        }
    }

    /// The authority's certificate in PEM, with a newline at the end.
    public var certificatePEM: String { get throws { try Self.pem(certificate) } }

    /// The authority's key in PEM. Whoever has it can issue certificates.
    public var keyPEM: String { get throws { key.pemRepresentation } }

    /// The authority's certificate.
    public var own: IssuedCertificate { IssuedCertificate(certificate) }

    /// Signs for a key that is at hand.
    ///
    /// - Parameter host: The certificate's common name.
    /// - Returns: The certificate in PEM.
    public func sign(
        _ key: HostKey, host: String, role: HostRole, names: AlternativeNames, days: Int, now: Timestamp
    ) throws -> String {
        try sign(.init(key.key.publicKey), host, role, names, days: days, now: now)
    }

    /// Signs a certificate request (RFC 2986), whose own signature must hold. Host and role come from the caller, who
    /// has checked them; what the request says of them is not looked at.
    ///
    /// - Parameters:
    ///   - names: What the certificate is to name, whatever the request wants; nil to take what the request wants, which
    ///     only a host that others connect to gets.
    /// - Returns: The certificate in PEM.
    /// - Throws: ``ControlFailure`` with `.invalidRequest` for what is no such request, has another key than P-256, or
    ///   names what cannot be named.
    public func sign(
        request text: String, host: String, role: HostRole, names: AlternativeNames? = nil, days: Int, now: Timestamp
    ) throws -> String {
        let request = try Self.parse(text)
        var granted = AlternativeNames.none
        if role.isServer {
            granted = try names ?? AlternativeNames(of: request.attributes.extensionRequest?.extensions ?? .init())
        }
        return try sign(request.publicKey, host, role, granted, days: days, now: now)
    }

    /// The names and addresses of a certificate in PEM, for its successor.
    ///
    /// - Throws: An error of the parser, or ``ControlFailure`` for names that this product does not give.
    public static func names(ofCertificate pem: String) throws -> AlternativeNames {
        try AlternativeNames(of: try Certificate(pemEncoded: pem).extensions)
    }

    private static func parse(_ text: String) throws -> CertificateSigningRequest {
        let remedy = "Make one with openssl req -new, for a P-256 key."
        let request: CertificateSigningRequest
        do {
            request = try CertificateSigningRequest(pemEncoded: text)
        } catch {
            throw ControlFailure(.invalidRequest, "The certificate request cannot be read (\(error)).", remedy: remedy)
        }
        guard P256.Signing.PublicKey(request.publicKey) != nil else {
            throw ControlFailure(
                .invalidRequest, "The key of the certificate request is not a P-256 key.", remedy: remedy)
        }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw ControlFailure(
                .invalidRequest, "The certificate request is not signed with its own key.", remedy: remedy)
        }
        return request
    }

    static func subject(host: String, role: HostRole) throws -> DistinguishedName {
        try DistinguishedName {
            OrganizationName("Master Target")
            OrganizationalUnitName(role.rawValue)
            CommonName(host)
        }
    }

    private func sign(
        _ publicKey: Certificate.PublicKey, _ host: String, _ role: HostRole, _ names: AlternativeNames, days: Int,
        now: Timestamp
    ) throws -> String {
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage(role.isServer ? [.serverAuth, .clientAuth] : [.clientAuth])
            SubjectKeyIdentifier(hash: publicKey)
            AuthorityKeyIdentifier(
                keyIdentifier: SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey)).keyIdentifier)
            if !names.names.isEmpty { SubjectAlternativeNames(names.names) }
        }
        return try Self.pem(
            Self.certificate(
                publicKey: publicKey, subject: try Self.subject(host: host, role: role), issuer: certificate.subject,
                validity: Validity(from: now, days: days), extensions: extensions, with: key))
    }

    private struct Validity {
        let first: Date
        let last: Date

        /// Begins an hour early: the clocks of two hosts differ.
        init(from now: Timestamp, days: Int) {
            let seconds = Double(now.rawValue / 1_000_000_000)
            first = Date(timeIntervalSince1970: seconds - 3600)
            last = Date(timeIntervalSince1970: seconds + Double(days) * 86400)
        }
    }

    private static func certificate(
        publicKey: Certificate.PublicKey, subject: DistinguishedName, issuer: DistinguishedName, validity: Validity,
        extensions: Certificate.Extensions, with key: P256.Signing.PrivateKey
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: validity.first,
            notValidAfter: validity.last, issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: .init(key))
    }

    private static func pem(_ certificate: Certificate) throws -> String {
        try certificate.serializeAsPEM().pemString + "\n"
    }
}
