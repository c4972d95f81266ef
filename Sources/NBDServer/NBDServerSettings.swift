// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import NIOSSL
import StoragePrimitives

/// Where a listener listens.
public enum NBDEndpoint: Hashable, Sendable {
    /// An address and a TCP port; port 0 takes a free one.
    case tcp(host: String, port: Int)
    /// The path of a unix domain socket. What stands there from before is replaced.
    case unix(path: String)
}

/// The bounds of everything that serves NBD in a process.
public struct NBDServerSettings: Sendable {
    /// Connections at a time, of one listener. More are closed as they come.
    public var maximumConnections = 64
    /// Time from the connection to the end of the handshake.
    public var handshakeTimeout = TimeAmount.seconds(15)
    /// Time after which a client that does not read its answers is cut off, at the latest after twice as long.
    public var stallTimeout = TimeAmount.seconds(60)
    /// Bytes that one connection's unanswered requests may hold, each counted up to 1 MiB.
    public var connectionWindow = ByteCount.mebibytes(8)
    /// Bytes that all connections' data on its way from and to disks may hold: 32 MiB or more, the longest read that may not
    /// be fragmented.
    public var totalWindow = ByteCount.mebibytes(64)
    /// Unanswered requests of one connection.
    public var maximumRequests = 256
    /// Threads that read from disks and write to them, for all connections together: what a client usually asks at a time.
    public var workers = 16

    /// The defaults.
    public init() {}
}

/// This host's certificate and the authority that clients' have to come from.
public struct NBDTrust: Sendable {
    private let certificateChain: [NIOSSLCertificate]
    private let privateKey: NIOSSLPrivateKey
    private let authority: [NIOSSLCertificate]

    /// What is presented, and what is believed.
    public init(certificateChain: [NIOSSLCertificate], privateKey: NIOSSLPrivateKey, authority: [NIOSSLCertificate]) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.authority = authority
    }

    /// TLS 1.2, for hypervisors of some age, or 1.3; and no client without a certificate of the authority.
    func context() throws(NBDServerError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificateChain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.trustRoots = .certificates(authority)
        // A client has no name to compare with an address; its role and host id are read from the subject.
        configuration.certificateVerification = .noHostnameVerification
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw NBDServerError(
                .certificatesUnusable,
                "The certificate, key or authority for NBD cannot be used (\(error)): renew or replace them.")
        }
    }
}

/// What keeps a listener from listening.
public struct NBDServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, as far as callers act on it.
    public enum Code: Hashable, Sendable {
        case certificatesUnusable  // expired, malformed, or not a pair
        case cannotListen  // the address is taken, or not this host's
        case tooManyConnections  // one that came over the limit
    }

    /// What went wrong.
    public let code: Code
    /// What went wrong, as a sentence with the object and the remedy.
    public let message: String

    /// An error; the message is shown to operators as it is.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
