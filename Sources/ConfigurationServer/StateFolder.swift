// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import LinuxSystem
import StoragePrimitives

/// The server's folder: the authority, the certificate that TLS shows, and the inventory unless that is in PostgreSQL.
/// Every file has mode 0600, the folder 0700.
public struct StateFolder: Sendable {
    static let authorityCertificate = "authority.pem"
    static let authorityKey = "authority.key"
    static let serverCertificate = "server.pem"
    static let serverKey = "server.key"
    static let inventory = "inventory.sqlite"
    /// What is in it besides the inventory.
    static let keyFiles = [authorityCertificate, authorityKey, serverCertificate, serverKey]
    static let maximumFileBytes = 64 << 10

    /// What a new server is told.
    public struct Plan: Sendable {
        /// The authority's name.
        public var name: String
        /// DNS names that servers connect to.
        public var names: [String]
        /// IP addresses that servers connect to.
        public var addresses: [String]

        /// A plan.
        public init(name: String, names: [String], addresses: [String]) {
            self.name = name
            self.names = names
            self.addresses = addresses
        }
    }

    let folder: DirectoryFolder
    /// Where the inventory is.
    public let database: InventoryDatabase
    /// Where it is.
    public var path: String { folder.path }
    var inventoryPath: String { "\(path)/\(Self.inventory)" }

    /// Opens the folder of a server that has been made.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound` when there is none.
    public init(path: String, database: InventoryDatabase = .file) throws {
        self.database = database
        do {
            folder = try DirectoryFolder(path: path)
            if try folder.contents(of: Self.authorityKey, limit: Self.maximumFileBytes) != nil { return }
        } catch {
            guard error.code == .notFound else { throw ConfigurationFailure(error) }
        }
        throw ConfigurationFailure(
            .notFound, "There is no configuration server in \(path).",
            remedy: "Make one with mt-configuration-server init, or name its folder with --set state.path=….")
    }

    private init(folder: DirectoryFolder, database: InventoryDatabase) {
        self.folder = folder
        self.database = database
    }

    /// Opens the inventory, which is this site's.
    ///
    /// - Throws: ``ConfigurationFailure``.
    func openInventory() async throws -> Inventory {
        let inventory = try await Inventory(database, path: inventoryPath)
        do {
            try await inventory.check(authority: try authorityFingerprint())
            return inventory
        } catch {
            try await inventory.close()
            throw error
        }
    }

    private func authorityFingerprint() throws -> HexBytes {
        HexBytes(try IssuedCertificate.fingerprint(pemEncoded: text(Self.authorityCertificate)))
    }

    /// What the servers of a site derive from the authority's key.
    func keys() throws -> SiteKeys { SiteKeys(authorityKey: try text(Self.authorityKey)) }

    /// An empty folder, for a new server or one that is restored.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.conflict` when there is a server.
    static func empty(path: String, database: InventoryDatabase) throws -> StateFolder {
        do {
            try FolderTree.make(path)
            let folder = try DirectoryFolder(path: path)
            let taken = Set(try folder.names()).intersection(keyFiles + [inventory])
            guard let name = taken.min() else { return StateFolder(folder: folder, database: database) }
            throw ConfigurationFailure(
                .conflict, "\(path)/\(name) exists, and keys are never overwritten.",
                remedy: "Move it away, or choose another folder.")
        } catch let error as DeviceError {
            throw ConfigurationFailure(error)
        }
    }

    /// Makes a server: an authority, a TLS certificate that lasts as long as the authority (it lies beside the
    /// authority's key, so that a shorter life would protect nothing), a passphrase.
    ///
    /// - Returns: The folder, and the passphrase, which is kept nowhere.
    public static func create(
        path: String, database: InventoryDatabase = .file, plan: Plan, now: Timestamp
    ) async throws -> (folder: StateFolder, passphrase: Passphrase) {
        let state = try empty(path: path, database: database)
        let names = try AlternativeNames(names: plan.names, addresses: plan.addresses)
        let signer = try CertificateSigner(newAuthority: plan.name, days: authorityDays, now: now)
        let key = HostKey()
        let certificate = try signer.sign(
            key, host: plan.names.first ?? plan.addresses.first ?? "configuration-server", role: .configurationServer,
            names: names, days: authorityDays, now: now)
        let passphrase = Passphrase(random: Randomness.bytes(Passphrase.generatedCharacters))
        let secrets = try EnrolmentSecrets(
            passphrase, scrypt: .standard(salt: HexBytes(Randomness.bytes(16))), now: now)
        try state.write(serverKey, key.pem)
        try state.write(serverCertificate, certificate)
        try state.write(authorityCertificate, signer.certificatePEM)
        // SQLite keeps the mode of a file that is there.
        if database == .file { try state.write(inventory, "") }
        let inventory = try await Inventory(database, path: state.inventoryPath)
        let keys = SiteKeys(authorityKey: try signer.keyPEM)
        try await inventory.claim(for: try state.authorityFingerprint(), secrets: try keys.seal(secrets))
        try await inventory.close()
        // The last: with it the folder is a server's.
        try state.write(authorityKey, signer.keyPEM)
        return (state, passphrase)
    }

    private static let authorityDays = 3650

    /// Makes a new passphrase; the old ones are good for an overlap.
    public func rotatePassphrase(overlapSeconds: UInt64, now: Timestamp) async throws -> Passphrase {
        let passphrase = Passphrase(random: Randomness.bytes(Passphrase.generatedCharacters))
        let inventory = try await openInventory()
        try await inventory.rotate(to: passphrase, overlapSeconds: overlapSeconds, now: now, try keys())
        try await inventory.close()
        return passphrase
    }

    /// The certificate that TLS shows, and its SHA-256, by which people and `--server-fingerprint` know it.
    public func serverCertificate() throws -> (certificate: IssuedCertificate, fingerprint: HexBytes) {
        let pem = try text(Self.serverCertificate)
        return (
            try IssuedCertificate(pemEncoded: pem),
            HexBytes(try IssuedCertificate.fingerprint(pemEncoded: pem))
        )
    }

    /// The authority, with its key.
    func signer() throws -> CertificateSigner {
        try CertificateSigner(
            certificatePEM: text(Self.authorityCertificate), keyPEM: text(Self.authorityKey))
    }

    func write(_ name: String, _ text: String) throws {
        do {
            try folder.replace(name, with: Array(text.utf8))
        } catch {
            throw ConfigurationFailure(error)
        }
    }

    func text(_ name: String) throws -> String {
        do {
            if let bytes = try folder.contents(of: name, limit: Self.maximumFileBytes) {
                return String(decoding: bytes, as: UTF8.self)
            }
        } catch {
            throw ConfigurationFailure(error)
        }
        throw ConfigurationFailure(
            .unavailable, "\(path)/\(name) is not there.", remedy: "Restore the server from a backup.")
    }
}

extension ConfigurationFailure {
    /// What a file of the state folder answered.
    init(_ error: DeviceError) {
        self.init(.unavailable, "\(error.object) cannot be used (\(error)).", remedy: "Correct its access or its path.")
    }
}
