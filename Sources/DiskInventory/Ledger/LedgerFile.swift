// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import StoragePrimitives

/// The ledger's file in the state folder: JSON with a version, replaced whole in one durable step.
public struct LedgerFile: Sendable {
    /// The file's name.
    public static let name = "disks"
    /// The version that is written.
    public static let version = 1
    /// The largest file that is read: records by the thousand.
    private static let limit = 8 << 20

    private struct Version: Codable {
        let version: Int
    }

    private struct Contents: Codable {
        let version: Int
        let disks: [Ledger.Record]
    }

    private let folder: any StoreFolder

    /// The ledger in a folder.
    public init(_ folder: any StoreFolder) { self.folder = folder }

    /// The ledger, empty where there is no file yet. Blocks.
    ///
    /// - Throws: ``InventoryError``: a newer version, or what cannot be read. The file is left as it is.
    public func load() throws(InventoryError) -> Ledger {
        let path = "\(folder.path)/\(Self.name)"
        let bytes: [UInt8]?
        do {
            bytes = try folder.contents(of: Self.name, limit: Self.limit)
        } catch {
            throw InventoryError(
                .folderFailed, "The disk ledger \(path) cannot be read (\(error)). Put its volume right.", cause: error)
        }
        guard let bytes else { return Ledger() }
        do {
            let found = try JSONDecoder().decode(Version.self, from: Data(bytes)).version
            guard found <= Self.version else {
                throw InventoryError(
                    .unknownVersion,
                    "The disk ledger \(path) has version \(found), and this program knows versions up to "
                        + "\(Self.version). Install the newer program again, or move the file away.")
            }
            return Ledger(try JSONDecoder().decode(Contents.self, from: Data(bytes)).disks)
        } catch let error as InventoryError {
            throw error
        } catch {
            throw InventoryError(
                .corruptLedger,
                "The disk ledger \(path) cannot be understood (\(error)). Restore it from a backup, or move it away: "
                    + "then every disk counts as new.")
        }
    }

    /// Writes the ledger. Blocks until it is durable.
    ///
    /// - Throws: ``InventoryError`` with `.folderFailed`; the old file is still there then.
    public func save(_ ledger: Ledger) throws(InventoryError) {
        let path = "\(folder.path)/\(Self.name)"
        let records = ledger.records.values.sorted { $0.identity.rawValue < $1.identity.rawValue }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        do {
            let bytes = try encoder.encode(Contents(version: Self.version, disks: records))
            try folder.replace(Self.name, with: Array(bytes))
        } catch {
            throw InventoryError(
                .folderFailed, "The disk ledger \(path) cannot be written (\(error)). Put its volume right.",
                cause: error as? DeviceError)
        }
    }
}
