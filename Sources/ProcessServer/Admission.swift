// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOSSL

/// Whom a process server sends to: the authority signed the certificate already, and what is in it decides.
package struct Admission: Sendable {
    /// The role that the receiver's certificate has to have (organizationalUnit of its subject).
    package static let role = "master-target"

    /// Its host id; nil for any.
    package let masterTarget: String?
    /// Serial numbers that were taken back, without leading zeroes.
    package let revokedSerials: Set<[UInt8]>

    package init(masterTarget: String?, revokedSerials: Set<[UInt8]>) {
        self.masterTarget = masterTarget
        self.revokedSerials = revokedSerials
    }

    /// Why nothing is sent to who shows this certificate; nil when it may be.
    package func refusal(of certificate: NIOSSLCertificate?) -> ProcessServerError? {
        guard let certificate, let subject = CertificateSubject(certificate), subject.role == Self.role else {
            return ProcessServerError(
                .peerNotAdmitted, "The peer's certificate does not name it a \(Self.role); issue one with that role.",
                isPermanent: true)
        }
        // Neither is for ever: the right one may come to the address, or be enrolled again.
        if let masterTarget, subject.host != masterTarget {
            return ProcessServerError(
                .peerNotAdmitted,
                "The master target that answers is \(subject.host), and the group is on \(masterTarget): correct its "
                    + "address.")
        }
        if revokedSerials.contains(Array(certificate.serialNumber.drop { $0 == 0 })) {
            return ProcessServerError(
                .peerNotAdmitted, "The certificate of the master target was taken back: enrol it again.")
        }
        return nil
    }
}
