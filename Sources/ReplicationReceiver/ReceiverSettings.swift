// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import NIOSSL
import ReplicationProtocol
import StoragePrimitives

/// Where the receiver listens, and its bounds.
public struct ReceiverSettings: Sendable {
    /// Address to listen on; every one by default.
    public var address = "0.0.0.0"
    /// TCP port; 0 takes a free one.
    public var port = 9443
    /// Sessions at a time; a group has one, so this is a bound on groups that replicate at once.
    public var maximumSessions = 256
    /// Connections that are not sessions yet: handshakes under way, or being refused.
    public var maximumHandshakes = 32
    /// Data in flight of all sessions together, beyond each one's minimum.
    public var totalCredit = ByteCount.mebibytes(128)
    /// Data in flight of one session at most: at 1 GB/s enough for 32 ms between receipt and release.
    public var sessionCredit = ByteCount.mebibytes(32)
    /// Data in flight that every session gets. Has to be more than what the group's store holds of an incomplete batch,
    /// by two of the longest Writes, or such a batch would never get on.
    public var minimumCredit = ByteCount.mebibytes(20)
    /// Silence after which a session is ended.
    public var idleTimeout = TimeAmount.seconds(30)
    /// Time for the TLS handshake; the Hello has to come within a third of the idle timeout after it.
    public var handshakeTimeout = TimeAmount.seconds(10)
    /// Time that a peer gets to read the last frame before its connection is cut.
    public var lingerTime = TimeAmount.seconds(2)
    /// What a sender is told to wait when the appliance is full or shutting down.
    public var retryAfterMilliseconds: UInt32 = 5_000
    /// How often a session looks whether its group keeps up; less than the hold of ``throttle``.
    public var pressureInterval = TimeAmount.seconds(1)
    /// When a sender is told to wait.
    public var throttle = ThrottleDecider.Limits()
    /// The codecs that senders may use, besides none.
    public var codecs: CodecSet = [.lz4]

    /// The defaults.
    public init() {}
}

/// This host's certificate and the authority that its peers' have to come from.
public struct ReceiverTrust: Sendable {
    /// This host's certificate, then those between it and the authority's.
    public var certificateChain: [NIOSSLCertificate]
    /// The key of this host's certificate.
    public var privateKey: NIOSSLPrivateKey
    /// The certificates that peers' have to come from; none of the system's count.
    public var authority: [NIOSSLCertificate]

    /// What is presented, and what is believed.
    public init(certificateChain: [NIOSSLCertificate], privateKey: NIOSSLPrivateKey, authority: [NIOSSLCertificate]) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.authority = authority
    }

    /// TLS 1.3 only, and no peer without a certificate of the authority.
    func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificateChain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv13
        configuration.maximumTLSVersion = .tlsv13
        configuration.trustRoots = .certificates(authority)
        // A client has no name to compare with an address; its role and host id are read from the subject.
        configuration.certificateVerification = .noHostnameVerification
        configuration.applicationProtocols = [WireProtocol.alpn]
        return try NIOSSLContext(configuration: configuration)
    }
}
