// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import NIOSSL

/// This host's certificate, its key, and the authority that its peers' certificates have to come from.
struct HostCertificate {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    let authority: [NIOSSLCertificate]

    /// Reads the PEM files. Blocking.
    init(_ configuration: ApplianceConfiguration) throws {
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

    private static func reading<Value>(_ path: String, _ what: String, _ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch {
            throw ControlFailure(
                .unavailable, "\(what) \(path) cannot be read.",
                remedy: "Issue it with mtctl pki, or name another file in the configuration.")
        }
    }
}
