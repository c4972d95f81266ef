// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import FoundationEssentials
import HostCertificates
import LinuxSystem
import StateFiles
import StoragePrimitives

/// A server's registration: who it is there, where the configuration server is, and the certificate that it was given.
/// A folder of its own, mode 0700.
///
/// Everything in it is replaced in durable steps; an agent that looks into it while it changes sees the former or the
/// next one, or for a moment a certificate whose key is not the one beside it, which it takes for being changed.
public struct RegistrationFolder: Sendable {
    /// What is kept beside the certificate.
    public struct Record: Hashable, Sendable, Codable {
        /// A UUID, made when the machine first registered; another configuration server knows it by the same.
        public var hostID: String
        /// Addresses of the configuration server, in the order to try them; none after it was left.
        public var servers: [String]
        /// When it registered.
        public var registered: DateTime
        /// What was taken back, as the configuration server said last.
        public var revocations: RevocationList?
    }

    /// A machine that is registered.
    public struct Registration: Hashable, Sendable {
        /// Who it is, and where the configuration server is.
        public var record: Record
        /// What it shows there.
        public var credentials: Credentials
        /// Where the configuration server is.
        public var endpoints: [ServerEndpoint]
    }

    /// The folder.
    public let path: String

    /// The file with the certificate and its chain, in PEM.
    public var certificatePath: String { "\(path)/\(Credentials.names.certificate)" }
    /// The file with its key, in PEM.
    public var keyPath: String { "\(path)/\(Credentials.names.key)" }
    /// The file with the authority's certificate, in PEM.
    public var authorityPath: String { "\(path)/\(Credentials.names.authority)" }

    private static let recordName = "registration.json"
    /// A list of revocations of some ten thousand hosts.
    private static let maximumFileBytes = 4 << 20

    /// The registration in a folder, which need not be there.
    public init(path: String) { self.path = path }

    /// What is kept; nil for a machine that is not registered. Blocks.
    public func load() throws -> Registration? {
        guard FolderTree.isFolder(path) else { return nil }
        let folder = try DirectoryFolder(path: path)
        guard let record = try Self.record(in: folder), !record.servers.isEmpty,
            let credentials = try Credentials(in: folder)
        else { return nil }
        return Registration(
            record: record, credentials: credentials,
            endpoints: try record.servers.map { text throws(ConfigurationFailure) in try ServerEndpoint(text) })
    }

    /// What was taken back, also where the certificate cannot be read; nil where nothing is known. Blocks.
    public func revocations() throws -> RevocationList? {
        guard FolderTree.isFolder(path) else { return nil }
        return try Self.record(in: DirectoryFolder(path: path))?.revocations
    }

    private static func record(in folder: DirectoryFolder) throws -> Record? {
        guard let bytes = try folder.contents(of: recordName, limit: maximumFileBytes) else { return nil }
        do {
            return try JSON.decode(Record.self, from: bytes)
        } catch {
            throw ConfigurationFailure(
                .conflict, "\(folder.path)/\(recordName) cannot be read (\(error)).",
                remedy: "Move it away and register again; the machine gets another host id.")
        }
    }

    /// Keeps a certificate that was renewed. Blocks.
    public func save(_ credentials: Credentials) throws { try credentials.save(in: DirectoryFolder(path: path)) }

    /// Keeps what was taken back. Blocks.
    public func save(_ revocations: RevocationList) throws {
        let folder = try DirectoryFolder(path: path)
        guard var record = try Self.record(in: folder) else { return }
        record.revocations = revocations
        try folder.replace(Self.recordName, with: JSON.encode(record))
    }

    /// How to join.
    public struct Application: Sendable {
        /// What the machine does.
        public var role: HostRole
        /// The version of its program.
        public var version: String
        /// Addresses of one configuration server, in the order to try them.
        public var servers: [String]
        /// The file with the passphrase.
        public var passphraseFile: String
        /// SHA-256 of the server's TLS certificate in hexadecimal, when it is known beforehand.
        public var fingerprint: String?
        /// DNS names by which others reach this machine.
        public var names: [String] = []
        /// Addresses by which others reach it.
        public var addresses: [String] = []

        /// An application without names.
        public init(role: HostRole, version: String, servers: [String], passphraseFile: String) {
            self.role = role
            self.version = version
            self.servers = servers
            self.passphraseFile = passphraseFile
        }
    }

    /// Proves the passphrase to the server, and keeps the certificate that it gives. An agent that watches the folder
    /// takes it up by itself. A machine that was registered before keeps its host id.
    ///
    /// - Throws: ``ConfigurationFailure``, and what ``AlternativeNames`` throws for a wrong address.
    public func register(_ application: Application) async throws -> Record {
        guard !application.servers.isEmpty else {
            throw ConfigurationFailure(.invalidRequest, "No configuration server is named.", remedy: "Add --server.")
        }
        let endpoints = try application.servers.map { text throws(ConfigurationFailure) in try ServerEndpoint(text) }
        let pinned = try application.fingerprint.map { text throws(ConfigurationFailure) in
            guard let bytes = HexBytes(text)?.bytes, bytes.count == 32 else {
                throw ConfigurationFailure(
                    .invalidRequest, "\"\(text)\" is no SHA-256 fingerprint.",
                    remedy: "Write the 64 digits that mt-configuration-server show prints.")
            }
            return bytes
        }
        let names = try AlternativeNames(names: application.names, addresses: application.addresses)
        let passphrase = try PassphraseFile.read(application.passphraseFile)
        try FolderTree.make(path)
        let folder = try DirectoryFolder(path: path)
        var record =
            try Self.record(in: folder)
            ?? Record(hostID: UUID().uuidString.lowercased(), servers: [], registered: DateTime(SystemClock().now()))
        let identity = JoinerIdentity(
            hostID: record.hostID, role: application.role, hostName: HostName.current(), version: application.version,
            machine: try MachineFingerprint.ofThisMachine())
        // Before anybody knows it: a crash after the server took the id in must not make another one.
        try folder.replace(Self.recordName, with: JSON.encode(record))
        let credentials = try await Enrolment.enrol(
            at: endpoints, identity: identity, names: names, passphrase: passphrase, pinnedFingerprint: pinned)
        record.servers = endpoints.map(\.description)
        record.registered = DateTime(SystemClock().now())
        record.revocations = nil
        try credentials.save(in: folder)
        try folder.replace(Self.recordName, with: JSON.encode(record))
        return record
    }

    /// Forgets the configuration server; the certificate goes with it. What the server keeps of this machine, an operator
    /// ends there. The host id stays: it is this machine's, wherever it registers next.
    ///
    /// - Returns: Whether there was one.
    public func unregister() throws -> Bool {
        guard FolderTree.isFolder(path) else { return false }
        let folder = try DirectoryFolder(path: path)
        guard var record = try Self.record(in: folder), !record.servers.isEmpty else { return false }
        record.servers = []
        record.revocations = nil
        try folder.replace(Self.recordName, with: JSON.encode(record))
        try Credentials.remove(from: folder)
        return true
    }
}
