// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import StoragePrimitives
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
    let signer: CertificateSigner

    /// Makes a new authority. Refuses where there is one.
    public static func create(folder path: String, name: String, days: Int, now: Timestamp) throws -> LocalAuthority {
        let folder = try open(path, create: true)
        try refuseOverwrite(keyName, in: folder)
        try refuseOverwrite(certificateName, in: folder)
        let signer = try CertificateSigner(newAuthority: name, days: days, now: now)
        try folder.replace(keyName, with: Array(try signer.keyPEM.utf8))
        try folder.replace(certificateName, with: Array(try signer.certificatePEM.utf8))
        return LocalAuthority(folder: folder, signer: signer)
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
                folder: folder,
                signer: try CertificateSigner(certificatePEM: certificateText, keyPEM: keyText))
        } catch {
            throw ControlFailure(
                .corrupt, "The authority in \(path) cannot be read: \(error).",
                remedy: "Restore its files from a backup.")
        }
    }

    private init(folder: DirectoryFolder, signer: CertificateSigner) {
        self.folder = folder
        self.signer = signer
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
        let alternatives = try AlternativeNames(names: names, addresses: addresses)
        let key = HostKey()
        let issued = try signer.sign(key, host: host, role: role, names: alternatives, days: days, now: now)
        try folder.replace("\(base).key", with: Array(key.pem.utf8))
        try folder.replace("\(base).pem", with: Array(issued.utf8))
        return IssuedCertificate(try Certificate(pemEncoded: issued), path: "\(folder.path)/\(base).pem")
    }

    /// The authority's certificate.
    public var own: IssuedCertificate {
        IssuedCertificate(signer.certificate, path: "\(folder.path)/\(Self.certificateName)")
    }

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
    private static func open(_ path: String, create: Bool) throws -> DirectoryFolder {
        do {
            return try DirectoryFolder(path: path, create: create)
        } catch {
            guard error.code == .notFound else { throw ControlFailure.from(error) }
            throw ControlFailure(
                .notFound, "There is no folder \(path) (\(error)).",
                remedy: create ? "Make its parent folder." : "Make an authority with mtctl pki init.")
        }
    }

    private static func refuseOverwrite(_ name: String, in folder: DirectoryFolder) throws {
        guard try folder.contents(of: name, limit: maximumFileBytes) == nil else {
            throw ControlFailure(
                .exists, "\(folder.path)/\(name) exists, and keys are never overwritten.",
                remedy: "Move it away, or choose another folder.")
        }
    }

    static func text(_ name: String, in folder: DirectoryFolder) throws -> String? {
        try folder.contents(of: name, limit: maximumFileBytes).map { String(decoding: $0, as: UTF8.self) }
    }
}
