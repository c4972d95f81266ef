// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HostCertificates
import NIOSSL
import ProcessServer
import StoragePrimitives
import Testing

@Suite struct AdmissionTests {
    private static let host = "0f8fad5b-d9cb-469f-a165-111111111111"
    private static let other = "0f8fad5b-d9cb-469f-a165-222222222222"

    private func certificate(_ role: HostRole) throws -> NIOSSLCertificate {
        let now = Timestamp.seconds(1_795_228_454)
        let signer = try CertificateSigner(newAuthority: "Site", days: 100, now: now)
        let pem = try signer.sign(HostKey(), host: Self.host, role: role, names: .none, days: 90, now: now)
        return try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)
    }

    @Test func `any master target is admitted where none is named, and only the one that is named`() throws {
        let certificate = try certificate(.masterTarget)
        #expect(Admission(masterTarget: nil, revokedSerials: []).refusal(of: certificate) == nil)
        #expect(Admission(masterTarget: Self.host, revokedSerials: []).refusal(of: certificate) == nil)
        let refusal = Admission(masterTarget: Self.other, revokedSerials: []).refusal(of: certificate)
        #expect(refusal?.message.contains(Self.host) == true && refusal?.message.contains(Self.other) == true)
        // It may come back to its address.
        #expect(refusal?.isPermanent == false)
    }

    @Test(arguments: [HostRole.processServer, .operator, .nbdClient, .configurationServer])
    func `another role is none`(role: HostRole) throws {
        let refusal = Admission(masterTarget: nil, revokedSerials: []).refusal(of: try certificate(role))
        #expect(refusal?.isPermanent == true)
        #expect(Admission(masterTarget: nil, revokedSerials: []).refusal(of: nil) != nil)
    }

    @Test func `a certificate that was taken back is refused`() throws {
        let certificate = try certificate(.masterTarget)
        let serial = Array(certificate.serialNumber.drop { $0 == 0 })
        let refusal = Admission(masterTarget: Self.host, revokedSerials: [serial]).refusal(of: certificate)
        #expect(refusal?.message.contains("taken back") == true)
        #expect(Admission(masterTarget: nil, revokedSerials: [serial + [1]]).refusal(of: certificate) == nil)
    }
}
