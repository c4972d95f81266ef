// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Crypto
import FoundationEssentials
import LinuxSystem
import StoragePrimitives
import SwiftASN1
import X509

/// The authority of a site without a configuration server: one P-256 key that signs the certificates of its hosts.
///
/// In its folder: `authority.pem`, `authority.key`, and for each host `<host>.<role>.pem` and `.key`, mode 0600.
/// Nothing is ever overwritten.
public struct LocalAuthority {
    /// Where it is kept unless the command line says otherwise.
    public static let defaultFolder = "/var/lib/master-target/pki"
    static let certificateName = "authority.pem"
    static let keyName = "authority.key"
    /// A key or certificate in PEM is below 2 KiB; a chain has a few.
    static let maximumFileBytes = 64 << 10

    let folder: DirectoryFolder
    let certificate: Certificate
    let key: Certificate.PrivateKey

    /// Makes a new authority. Refuses where there is one.
    public static func create(folder path: String, name: String, days: Int, now: Timestamp) throws -> LocalAuthority {
        let folder = try open(path, create: true)
        try refuseOverwrite(keyName, in: folder)
        try refuseOverwrite(certificateName, in: folder)
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            OrganizationName("Master Target")
            CommonName(name)
        }
        let certificate = try sign(
            publicKey: .init(key.publicKey), subject: subject, issuer: subject,
            validity: Validity(from: now, days: days),
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
            }, with: .init(key))
        try folder.replace(keyName, with: Array(key.pemRepresentation.utf8))
        try folder.replace(certificateName, with: Array(try pem(certificate).utf8))
        return LocalAuthority(folder: folder, certificate: certificate, key: .init(key))
    }

    /// Opens an authority that has been made.
    ///
    /// - Throws: ``ControlFailure`` when there is none, or its files cannot be read.
    public init(folder path: String) throws {
        let folder = try Self.open(path, create: false)
        guard let keyText = try Self.text(Self.keyName, in: folder),
            let certificateText = try Self.text(Self.certificateName, in: folder)
        else {
            throw ControlFailure(
                .notFound, "There is no authority in \(path).", remedy: "Make one with mtctl pki init.")
        }
        do {
            self.init(
                folder: folder, certificate: try Certificate(pemEncoded: certificateText),
                key: try Certificate.PrivateKey(pemEncoded: keyText))
        } catch {
            throw ControlFailure(
                .corrupt, "The authority in \(path) cannot be read: \(error).",
                remedy: "Restore its files from a backup.")
        }
    }

    init(folder: DirectoryFolder, certificate: Certificate, key: Certificate.PrivateKey) {
        self.folder = folder
        self.certificate = certificate
        self.key = key
    }

    /// Makes a key and a certificate for a host. Refuses where the host has one in that role.
    ///
    /// - Parameters:
    ///   - host: Its id, the certificate's common name: what a file name may have (see ``CreateGroupRequest``).
    ///   - names: DNS names that it is reached by; `addresses`: IPv4 or IPv6.
    public func issue(
        host: String, role: HostRole, names: [String], addresses: [String], days: Int, now: Timestamp
    ) throws -> IssuedCertificate {
        guard CreateGroupRequest.isPermittedName(host) else {
            throw ControlFailure(
                .invalidRequest, "\"\(host)\" cannot be a host id.",
                remedy: "Use 1 to 63 letters, digits, dots, hyphens and underscores.")
        }
        let base = "\(host).\(role.rawValue)"
        try Self.refuseOverwrite("\(base).key", in: folder)
        try Self.refuseOverwrite("\(base).pem", in: folder)
        let alternatives =
            try names.map { GeneralName.dnsName($0) } + addresses.map { try Self.generalName(address: $0) }
        let hostKey = P256.Signing.PrivateKey()
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage(role == .masterTarget ? [.serverAuth, .clientAuth] : [.clientAuth])
            SubjectKeyIdentifier(hash: Certificate.PublicKey(hostKey.publicKey))
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier)
            if !alternatives.isEmpty { SubjectAlternativeNames(alternatives) }
        }
        let subject = try DistinguishedName {
            OrganizationName("Master Target")
            OrganizationalUnitName(role.rawValue)
            CommonName(host)
        }
        let issued = try Self.sign(
            publicKey: .init(hostKey.publicKey), subject: subject, issuer: certificate.subject,
            validity: Validity(from: now, days: days), extensions: extensions, with: key)
        try folder.replace("\(base).key", with: Array(hostKey.pemRepresentation.utf8))
        try folder.replace("\(base).pem", with: Array(try Self.pem(issued).utf8))
        return IssuedCertificate(issued, path: "\(folder.path)/\(base).pem")
    }

    /// The authority's certificate.
    public var own: IssuedCertificate { IssuedCertificate(certificate, path: "\(folder.path)/\(Self.certificateName)") }

    /// Everything in the folder that is a certificate, by name.
    public func list() throws -> [IssuedCertificate] {
        try folder.names().filter { $0.hasSuffix(".pem") }.sorted().compactMap { name in
            guard let text = try Self.text(name, in: folder) else { return nil }
            // What is no certificate is not ours to complain about.
            guard let certificate = try? Certificate(pemEncoded: text) else { return nil }
            return IssuedCertificate(certificate, path: "\(folder.path)/\(name)")
        }
    }
}

extension LocalAuthority {
    fileprivate struct Validity {
        let first: Date
        let last: Date

        /// Begins an hour early: the clocks of two hosts differ.
        init(from now: Timestamp, days: Int) {
            let seconds = Double(now.rawValue / 1_000_000_000)
            first = Date(timeIntervalSince1970: seconds - 3600)
            last = Date(timeIntervalSince1970: seconds + Double(days) * 86400)
        }
    }

    fileprivate static func sign(
        publicKey: Certificate.PublicKey, subject: DistinguishedName, issuer: DistinguishedName, validity: Validity,
        extensions: Certificate.Extensions, with key: Certificate.PrivateKey
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: validity.first,
            notValidAfter: validity.last, issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: key)
    }

    fileprivate static func open(_ path: String, create: Bool) throws -> DirectoryFolder {
        do {
            return try DirectoryFolder(path: path, create: create)
        } catch {
            guard error.code == .notFound else { throw ControlFailure.from(error) }
            throw ControlFailure(
                .notFound, "There is no folder \(path) (\(error)).",
                remedy: create ? "Make its parent folder." : "Make an authority with mtctl pki init.")
        }
    }

    fileprivate static func refuseOverwrite(_ name: String, in folder: DirectoryFolder) throws {
        guard try folder.contents(of: name, limit: maximumFileBytes) == nil else {
            throw ControlFailure(
                .exists, "\(folder.path)/\(name) exists, and keys are never overwritten.",
                remedy: "Move it away, or choose another folder.")
        }
    }

    static func text(_ name: String, in folder: DirectoryFolder) throws -> String? {
        try folder.contents(of: name, limit: maximumFileBytes).map { String(decoding: $0, as: UTF8.self) }
    }

    fileprivate static func pem(_ certificate: Certificate) throws -> String {
        try certificate.serializeAsPEM().pemString + "\n"
    }

    /// RFC 5280, 4.2.1.6: four octets for IPv4, sixteen for IPv6.
    fileprivate static func generalName(address: String) throws -> GeneralName {
        guard let bytes = IPAddress.octets(address) else {
            throw ControlFailure(
                .invalidRequest, "\"\(address)\" is not an IP address.",
                remedy: "Write 192.0.2.1 or 2001:db8::1; names go with --dns.")
        }
        return .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
    }
}
