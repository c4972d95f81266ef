// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOSSL

/// Who a verified certificate says the peer is.
public struct PeerIdentity: Hashable, Sendable {
    /// Subject organizational unit: `process-server`, `master-target` or `operator`.
    public let role: String
    /// Subject common name: the host id.
    public let host: String

    /// The serial number of its certificate, without leading zeroes; empty when that was verified elsewhere.
    public let serial: [UInt8]

    /// The role that may send to this port.
    public static let sendingRole = "process-server"

    /// An identity that was verified elsewhere.
    public init(role: String, host: String, serial: [UInt8] = []) {
        self.role = role
        self.host = host
        self.serial = serial
    }

    /// Nil when the subject does not have exactly one organizational unit and one common name: nothing is guessed.
    init?(_ certificate: NIOSSLCertificate) {
        let names = certificate.subjectName
        let roles = names.filter { $0.type == .organizationalUnit }
        let hosts = names.filter { $0.type == .commonName }
        guard roles.count == 1, hosts.count == 1 else { return nil }
        self.init(
            role: roles[0].value, host: hosts[0].value, serial: Array(certificate.serialNumber.drop { $0 == 0 }))
    }
}
