// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOSSL
import ReplicationProtocol

/// The key, the certificate and the authority with which the process server meets a master target.
struct TLSIdentity: Sendable {
    /// The role that this host's certificate has to have.
    static let role = "process-server"

    let context: NIOSSLContext
    /// The common name of the certificate: what Hello calls this host.
    let host: String

    /// - Throws: ``ProcessServerError`` naming the file that is wrong.
    init(certificate: String, key: String, authority: String) throws(ProcessServerError) {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
        } catch {
            throw Self.unusable("certificate", certificate, error)
        }
        guard let leaf = chain.first else { throw Self.unusable("certificate", certificate, "it holds none") }
        guard let subject = CertificateSubject(leaf), subject.role == Self.role else {
            throw Self.unusable(
                "certificate", certificate,
                "its subject does not have one common name, the host id, and one organizational unit, \(Self.role)")
        }
        host = subject.host
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw Self.unusable("key", key, error)
        }
        let roots: [NIOSSLCertificate]
        do {
            roots = try NIOSSLCertificate.fromPEMFile(authority)
        } catch {
            throw Self.unusable("authority", authority, error)
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(privateKey)
        configuration.trustRoots = .certificates(roots)
        // Identity is the role and the key, not an address: a master target may move.
        configuration.certificateVerification = .noHostnameVerification
        configuration.applicationProtocols = [WireProtocol.alpn]
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw Self.unusable("certificate and key", "\(certificate), \(key)", error)
        }
    }

    private static func unusable(_ what: String, _ path: String, _ reason: Any) -> ProcessServerError {
        ProcessServerError(
            .configuration, "The \(what) in \(path) cannot be used: \(reason).", isPermanent: true)
    }
}
