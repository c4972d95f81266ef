// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import HostCertificates
import LinuxSystem
import Registration
import StoragePrimitives
import Testing

@Suite struct CredentialsTests {
    private static let files = ["server.key", "authority.pem", "server.pem"]

    private func credentials(days: Int) throws -> Credentials {
        let now = Timestamp.seconds(1_795_228_454)
        let signer = try CertificateSigner(newAuthority: "Site", days: 100, now: now)
        let key = HostKey()
        let pem = try signer.sign(
            key, host: "0f8fad5b-d9cb-469f-a165-111111111111", role: .masterTarget, names: .none, days: days, now: now)
        return try Credentials(certificate: pem, key: key, authority: signer.certificatePEM)
    }

    private func inFolder(_ body: (DirectoryFolder) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "credentials-\(UUID().uuidString)"
        let folder = try DirectoryFolder(path: path, create: true)
        // What cannot be removed is left to the machine.
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(folder)
    }

    @Test func `what is saved is read, and nothing else is left`() throws {
        try inFolder { folder in
            #expect(try Credentials(in: folder) == nil)
            for days in [30, 60] {
                let saved = try credentials(days: days)
                try saved.save(in: folder)
                #expect(try Credentials(in: folder) == saved)
                #expect(try folder.names().sorted() == Self.files.sorted())
            }
            try Credentials.remove(from: folder)
            #expect(try folder.names().isEmpty)
        }
    }

    /// The steps of a renewal, and where it was killed: three files are written beside the former ones, then put in place.
    @Test(arguments: 0...6) func `a crash in a renewal leaves the former or the next ones, whole`(steps: Int) throws {
        let (former, next) = (try credentials(days: 30), try credentials(days: 60))
        let texts = [next.key, next.authority, next.certificate]
        try inFolder { folder in
            try former.save(in: folder)
            for (name, text) in zip(Self.files, texts).prefix(min(steps, 3)) {
                try folder.replace("\(name).next", with: Array(text.utf8))
            }
            for name in Self.files.prefix(max(0, steps - 3)) { try folder.rename("\(name).next", to: name) }
            #expect(try Credentials(in: folder) == (steps < 3 ? former : next))
            // The next renewal is not confused by what is left.
            let last = try credentials(days: 90)
            try last.save(in: folder)
            #expect(try Credentials(in: folder) == last)
            try Credentials.remove(from: folder)
            #expect(try folder.names().isEmpty)
        }
    }
}
