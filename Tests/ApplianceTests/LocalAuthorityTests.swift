// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HostCertificates
import StoragePrimitives
import Testing
import X509

@Suite struct LocalAuthorityTests {
    private let now = Timestamp.seconds(1_795_228_454)

    private func authority(_ folder: TestFolder) throws -> LocalAuthority {
        try .create(folder: "\(folder.path)/pki", name: "Site", days: 100, now: now)
    }

    private func certificate(_ folder: TestFolder, _ name: String) throws -> Certificate {
        try Certificate(pemEncoded: try folder.read("pki/\(name).pem"))
    }

    @Test(arguments: HostRole.allCases)
    func `a certificate carries the role, the host and the names`(role: HostRole) throws {
        let folder = try TestFolder()
        let authority = try authority(folder)
        let issued = try authority.issue(
            host: "host-1", role: role, names: ["mt.example"], addresses: ["127.0.0.1", "2001:db8::1"], days: 10,
            now: now)
        #expect(issued.role == role)
        #expect(issued.host == "host-1")
        #expect(!issued.isAuthority)
        #expect(issued.alternativeNames == ["DNS:mt.example", "IP:127.0.0.1", "IP:2001:db8:0:0:0:0:0:1"])
        #expect(issued.notAfter == DateTime(now.advanced(byNanoseconds: 10 * 86400 * 1_000_000_000)))
        let leaf = try certificate(folder, "host-1.\(role.rawValue)")
        let root = try certificate(folder, "authority")
        #expect(leaf.issuer == root.subject)
        #expect(root.publicKey.isValidSignature(leaf.signature, for: leaf))
        #expect("\(leaf.subject)".contains("OU=\(role.rawValue)"))
        #expect("\(leaf.subject)".contains("CN=host-1"))
        let usage = try #require(try leaf.extensions.extendedKeyUsage)
        #expect(usage.contains(.serverAuth) == role.isServer)
        #expect(usage.contains(.clientAuth))
    }

    @Test func `keys are for their owner alone`() throws {
        let folder = try TestFolder()
        _ = try authority(folder).issue(host: "h", role: .processServer, names: [], addresses: [], days: 1, now: now)
        #expect(try folder.mode("pki/authority.key") == 0o600)
        #expect(try folder.mode("pki/h.process-server.key") == 0o600)
        #expect(try folder.mode("pki") == 0o700)
    }

    @Test func `nothing is ever overwritten`() throws {
        let folder = try TestFolder()
        let authority = try authority(folder)
        let before = try folder.read("pki/authority.key")
        let again = #expect(throws: ControlFailure.self) { try self.authority(folder) }
        #expect(again?.code == .exists)
        #expect(try folder.read("pki/authority.key") == before)
        _ = try authority.issue(host: "h", role: .operator, names: [], addresses: [], days: 1, now: now)
        let twice = #expect(throws: ControlFailure.self) {
            try authority.issue(host: "h", role: .operator, names: [], addresses: [], days: 1, now: now)
        }
        #expect(twice?.code == .exists)
        // Another role of the same host has files of its own.
        _ = try authority.issue(host: "h", role: .processServer, names: [], addresses: [], days: 1, now: now)
    }

    @Test(arguments: ["", "../x", "a/b", "a b", "-x"])
    func `a host id that could be a path is refused`(host: String) throws {
        let folder = try TestFolder()
        let authority = try authority(folder)
        #expect(throws: ControlFailure.self) {
            try authority.issue(host: host, role: .operator, names: [], addresses: [], days: 1, now: now)
        }
    }

    @Test func `what is no address is refused before a key is made`() throws {
        let folder = try TestFolder()
        let authority = try authority(folder)
        #expect(throws: ControlFailure.self) {
            try authority.issue(host: "h", role: .masterTarget, names: [], addresses: ["1.2.3"], days: 1, now: now)
        }
        #expect(try authority.list().count == 1)
    }

    @Test func `an authority is opened again, and lists what it issued`() throws {
        let folder = try TestFolder()
        _ = try authority(folder).issue(host: "b", role: .processServer, names: [], addresses: [], days: 1, now: now)
        let again = try LocalAuthority(folder: "\(folder.path)/pki")
        _ = try again.issue(host: "a", role: .masterTarget, names: ["a"], addresses: [], days: 1, now: now)
        #expect(try again.list().map(\.host) == ["a", "Site", "b"])
        #expect(try again.list().filter(\.isAuthority).count == 1)
    }

    @Test func `an authority that is not there is said not to be`() throws {
        let folder = try TestFolder()
        let failure = #expect(throws: ControlFailure.self) { try LocalAuthority(folder: "\(folder.path)/none") }
        #expect(failure?.code == .notFound)
    }
}
