// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import NIOSSL
import Registration

/// This host's certificate, its key, and the authority that its peers' certificates have to come from.
struct HostCertificate {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    let authority: [NIOSSLCertificate]

    /// Reads the PEM files that the configuration names, or the registration's, where the certificate of those is not
    /// there: what an operator put in place goes before what a configuration server gave. Blocking.
    init(_ configuration: ApplianceConfiguration) throws {
        if try SystemFiles.contents(configuration.certificatePath, limit: Self.maximumFileBytes) == nil,
            let registered = try RegistrationFolder(path: configuration.registrationPath).load()
        {
            self = try HostCertificate(registered.credentials)
            return
        }
        let path = (
            certificate: configuration.certificatePath, key: configuration.keyPath,
            authority: configuration.authorityPath
        )
        chain = try Self.reading(path.certificate, "The certificate") {
            try NIOSSLCertificate.fromPEMFile(path.certificate)
        }
        key = try Self.reading(path.key, "The key") { try NIOSSLPrivateKey(file: path.key, format: .pem) }
        authority = try Self.reading(path.authority, "The authority") {
            try NIOSSLCertificate.fromPEMFile(path.authority)
        }
    }

    private static let maximumFileBytes = 1 << 20

    private init(_ credentials: Credentials) throws {
        chain = try NIOSSLCertificate.fromPEMBytes(Array(credentials.certificate.utf8))
        key = try NIOSSLPrivateKey(bytes: Array(credentials.key.utf8), format: .pem)
        authority = try NIOSSLCertificate.fromPEMBytes(Array(credentials.authority.utf8))
    }

    private static func reading<Value>(_ path: String, _ what: String, _ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch {
            throw ControlFailure(
                .unavailable, "\(what) \(path) cannot be read.",
                remedy:
                    "Register with mtctl register, issue it with mtctl pki, or name another file in the configuration.")
        }
    }
}
