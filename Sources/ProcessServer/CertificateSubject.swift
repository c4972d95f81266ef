// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOSSL

/// Who a certificate says its holder is.
struct CertificateSubject: Hashable, Sendable {
    /// Its organizational unit.
    let role: String
    /// Its common name: the host id.
    let host: String

    /// Nil when the subject does not have exactly one organizational unit and one common name: nothing is guessed.
    init?(_ certificate: NIOSSLCertificate) {
        let names = certificate.subjectName
        let roles = names.filter { $0.type == .organizationalUnit }
        let hosts = names.filter { $0.type == .commonName }
        guard roles.count == 1, hosts.count == 1 else { return nil }
        role = roles[0].value
        host = hosts[0].value
    }
}
