// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import NIOSSL

/// Who a client is.
public enum NBDPeer: Hashable, Sendable {
    /// Reached a socket that only permitted users of this machine reach.
    case local
    /// Has a certificate of the authority: its role (subject organizational unit), its host id (common name), and its
    /// serial number without leading zeroes.
    case certified(role: String, host: String, serial: [UInt8] = [])
    /// Its certificate names no single role and host.
    case unnamed

    /// Nothing is guessed: a subject with two roles is none.
    init(_ certificate: NIOSSLCertificate) {
        let names = certificate.subjectName
        let roles = names.filter { $0.type == .organizationalUnit }
        let hosts = names.filter { $0.type == .commonName }
        guard roles.count == 1, hosts.count == 1 else {
            self = .unnamed
            return
        }
        self = .certified(
            role: roles[0].value, host: hosts[0].value, serial: Array(certificate.serialNumber.drop { $0 == 0 }))
    }
}

/// Knows which exports there are, and who may use them.
public protocol NBDDirectory: Sendable {
    /// Names and descriptions of what `peer` may use. Called on an event loop; does not block.
    func list(for peer: NBDPeer) -> [(name: String, description: String)]

    /// Finds an export. `then` is called on any thread, at once or later.
    func find(_ name: String, for peer: NBDPeer, then: @escaping @Sendable (NBDFinding) -> Void)

    /// Whether a client that was served may go on. Called on an event loop; does not block.
    func admits(_ peer: NBDPeer) -> Bool
}

extension NBDDirectory {
    /// Who was let in stays.
    public func admits(_ peer: NBDPeer) -> Bool { true }
}

/// What a directory found.
public enum NBDFinding: Sendable {
    /// It is there, and this client may use it.
    case export(any NBDExportedDisk)
    /// There is none of the name; with words for the client.
    case unknown(String)
    /// There is one, and it cannot be used now or by this client; with words for the client.
    case refused(String)
}

/// A disk as clients see it.
public protocol NBDExportedDisk: AnyObject, Sendable {
    /// Its size, flags and block sizes.
    var offer: NBDExportOffer { get }

    /// The metadata contexts it has that match the queries: whole names, or namespaces that end in a colon; all of
    /// them for no query.
    func contexts(matching queries: [String]) -> [String]

    /// Begins to serve a connection, on its event loop.
    func open(_ replies: NBDReplies, terms: NBDSessionTerms) -> any NBDDiskSession
}

/// The requests of one connection to one disk. Called on the connection's event loop, and never blocks: what does goes to
/// a thread, and the answer goes to ``NBDReplies`` from there.
public protocol NBDDiskSession: AnyObject {
    /// A request that was checked against the offer. Each gets one final answer. A write's bytes follow.
    func perform(_ request: NBDRequest)
    /// The next bytes of the write that came last.
    func fill(_ bytes: ByteBuffer, isLast: Bool)
    /// Nothing more has come from the network for now.
    func turnEnded()
    /// The connection is gone: nobody reads answers any more.
    func ended()
}
