// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import Hummingbird
import NIOCore
import NIOSSL
import StoragePrimitives

/// What comes with a request: the connection it came on, to know whose it is.
struct RequestOrigin: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// The address at the other end.
    var address: String { channel.remoteAddress?.ipAddress ?? "unknown" }

    /// Who is at the other end, if one of these roles may do what it asks for. TLS has checked the certificate against
    /// this server's authority; a connection may outlive it, so its time is looked at for each request.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notAuthenticated`, `.notPermitted` or `.revoked`.
    func peer(
        in roles: Set<HostRole>, inventory: Inventory, now: Timestamp
    ) async throws -> IssuedCertificate {
        let peer = try await certificate(in: roles, now: now)
        if try await inventory.isRevoked(peer.serial) { throw ConfigurationFailure.takenBack }
        return peer
    }

    /// The same, but for whether it was taken back: that is still to be asked.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notAuthenticated` or `.notPermitted`.
    func certificate(in roles: Set<HostRole>, now: Timestamp) async throws -> IssuedCertificate {
        guard let shown = try await channel.nioSSL_peerCertificate().get() else {
            throw ConfigurationFailure(
                .notAuthenticated, "This needs a certificate of this site.",
                remedy: "Enrol first, or give the operator's certificate and key.")
        }
        let peer = try IssuedCertificate(derEncoded: shown.toDERBytes())
        guard !peer.isAuthority, let role = peer.role, peer.notAfter.timestamp > now else {
            throw ConfigurationFailure(
                .notAuthenticated, "The certificate has no role, or has expired.", remedy: "Enrol again.")
        }
        guard roles.contains(role) else {
            throw ConfigurationFailure(
                .notPermitted, "A certificate with the role \(role.rawValue) may not do this.",
                remedy: "Use one with the role \(roles.map(\.rawValue).sorted().joined(separator: " or ")).")
        }
        return peer
    }
}
