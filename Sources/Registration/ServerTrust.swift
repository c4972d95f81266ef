// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Crypto
import HostCertificates
import NIOSSL

/// Whom a connection believes to be the configuration server.
enum ServerTrust: Sendable {
    /// Whoever answers: for the challenge of an enrolment, which binds what follows to the certificate that was seen.
    case anybody
    /// Who shows this certificate, by its SHA-256.
    case fingerprint([UInt8])
    /// A configuration server of the authority that the enrolment proved, at whatever address; this side shows its own
    /// certificate.
    case authority(Credentials)

    /// The most that is read of an answer: little from who may be anybody.
    var maximumAnswerBytes: Int {
        switch self {
        case .anybody, .fingerprint: ConfigurationPath.maximumRequestBytes
        case .authority: ConfigurationPath.maximumAnswerBytes
        }
    }

    func configuration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["http/1.1"]
        switch self {
        case .anybody, .fingerprint:
            // The certificate is looked at after the handshake, before anything is sent.
            configuration.certificateVerification = .none
        case .authority(let credentials):
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(credentials.authority.utf8)))
            // Identity is a key and a role, not an address: a server that was restored elsewhere is the same.
            configuration.certificateVerification = .noHostnameVerification
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(credentials.certificate.utf8))
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(credentials.key.utf8), format: .pem))
        }
        return configuration
    }

    /// Looks at the certificate that the handshake brought.
    ///
    /// - Returns: Its SHA-256, and the common name in it where it is believed; otherwise that is empty.
    /// - Throws: ``ConfigurationFailure`` with `.fingerprintMismatch` or `.notAuthenticated`.
    func check(_ certificate: NIOSSLCertificate) throws -> (fingerprint: [UInt8], name: String) {
        let octets = try certificate.toDERBytes()
        let fingerprint = Array(SHA256.hash(data: octets))
        switch self {
        case .anybody: break
        case .fingerprint(let wanted):
            guard fingerprint == wanted else {
                throw ConfigurationFailure(
                    .fingerprintMismatch, "The server's TLS certificate changed between two connections.",
                    remedy: "Somebody may be between this machine and the server: compare the fingerprints.")
            }
        case .authority:
            let issued = try IssuedCertificate(derEncoded: octets)
            guard issued.role == .configurationServer else {
                throw ConfigurationFailure(
                    .notAuthenticated, "Who answers is of this site, but no configuration server.",
                    remedy: "Correct the address.")
            }
            return (fingerprint, issued.host)
        }
        return (fingerprint, "")
    }
}
