// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import LinuxSystem
import StoragePrimitives

/// What an enrolment gave: a certificate with its key, and the authority to trust.
public struct Credentials: Hashable, Sendable {
    /// The certificate in PEM.
    public let certificate: String
    /// Its key in PEM.
    public let key: String
    /// The authority's certificate in PEM.
    public let authority: String

    /// - Throws: ``ConfigurationFailure`` with `.conflict` when the certificate is not for that key.
    public init(certificate: String, key: HostKey, authority: String) throws {
        guard try key.isKey(ofCertificate: certificate) else {
            throw ConfigurationFailure(
                .conflict, "The certificate is not for the key that was made for it.",
                remedy: "Begin again; look at the server's journal if it stays so.")
        }
        self.certificate = certificate
        self.key = key.pem
        self.authority = authority
    }

    static let names = (certificate: "server.pem", key: "server.key", authority: "authority.pem")
    private static let maximumFileBytes = 64 << 10

    /// Reads what ``save(in:)`` wrote; nil where there is none.
    public init?(in folder: DirectoryFolder) throws {
        try Self.finish(in: folder)
        func text(_ name: String) throws -> String? {
            try folder.contents(of: name, limit: Self.maximumFileBytes).map { String(decoding: $0, as: UTF8.self) }
        }
        guard let certificate = try text(Self.names.certificate), let key = try text(Self.names.key),
            let authority = try text(Self.names.authority)
        else { return nil }
        try self.init(certificate: certificate, key: HostKey(pemEncoded: key), authority: authority)
    }

    /// Writes three files, mode 0600, durably. They are first written beside the former ones, the certificate last: once
    /// that is there all three are, and who reads them next puts them in place if a crash kept this from doing so.
    public func save(in folder: DirectoryFolder) throws {
        // What an earlier one left is finished first: the files of two must not mix.
        try Self.finish(in: folder)
        for (name, text) in [
            (Self.names.key, key), (Self.names.authority, authority), (Self.names.certificate, certificate),
        ] {
            try folder.replace(Self.next(name), with: Array(text.utf8))
        }
        try Self.finish(in: folder)
    }

    private static func next(_ name: String) -> String { "\(name).next" }

    /// Puts what was written whole in place, the certificate last. What was begun and not written whole stays out.
    private static func finish(in folder: DirectoryFolder) throws {
        let there = Set(try folder.names())
        guard there.contains(next(names.certificate)) else { return }
        for name in [names.key, names.authority, names.certificate] where there.contains(next(name)) {
            do {
                try folder.rename(next(name), to: name)
            } catch {
                // Another program that reads them did it.
                guard error.code == .notFound else { throw error }
            }
        }
        try folder.sync()
    }

    /// Removes what ``save(in:)`` wrote. The key goes last: without a certificate there is nothing to use it for.
    public static func remove(from folder: DirectoryFolder) throws {
        let there = Set(try folder.names())
        let files = [names.certificate, names.authority, names.key]
        for name in files.map(next) + files where there.contains(name) { try folder.remove(name) }
        try folder.sync()
    }
}
