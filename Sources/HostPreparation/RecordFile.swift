// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import LinuxSystem
import StoragePrimitives

/// The record's file, `host-preparation.json` in the state folder.
///
/// The state folder and the record in it come and go in one step, by a rename: else an interruption could leave a folder
/// of which nobody knows whether it was there before.
struct RecordFile {
    static let path = "\(HostPreparation.stateFolder)/host-preparation.json"
    /// The state folder while it is being made or removed.
    private static let unfinished = "\(HostPreparation.stateFolder).unfinished"
    private static let name = "host-preparation.json"
    private static let limit = 64 << 20
    static let stateMode: UInt32 = 0o700

    let tree: any HostTree

    init(_ tree: any HostTree) { self.tree = tree }

    func load() throws -> PreparationRecord? {
        guard let bytes = try tree.contents(Self.path, limit: Self.limit) else { return nil }
        do {
            let record = try JSONDecoder().decode(PreparationRecord.self, from: Data(bytes))
            guard record.schema == PreparationRecord.currentSchema else {
                throw PreparationError(
                    .corruptRecord, "\(Self.path) was written by another version (schema \(record.schema)).",
                    remedy: "Use the version that wrote it.")
            }
            return record
        } catch let error as DecodingError {
            throw PreparationError(
                .corruptRecord, "\(Self.path) cannot be read (\(error)).",
                remedy: "Restore it from a backup; without it nothing can be undone.")
        }
    }

    /// The record, made together with the state folder where that is not there.
    func loadOrCreate() throws -> PreparationRecord {
        if let record = try load() { return record }
        if let entry = try tree.entry(HostPreparation.stateFolder) {
            guard entry.kind == .folder else {
                throw PreparationError(
                    .notPossible, "\(HostPreparation.stateFolder) is no folder.",
                    remedy: "Move it away, then try "
                        + "again.")
            }
            let record = PreparationRecord(madeStateFolder: false)
            try save(record)
            return record
        }
        guard try tree.entry("/var/lib")?.kind == .folder else {
            throw PreparationError(
                .notPossible, "There is no folder /var/lib: this is not the root of a Linux system.",
                remedy: "Name the root of the system or image to prepare.")
        }
        let record = PreparationRecord(madeStateFolder: true)
        try tree.makeFolder(Self.unfinished, mode: Self.stateMode)
        try tree.replaceFile("\(Self.unfinished)/\(Self.name)", with: try encoded(record), mode: 0o600, ownership: nil)
        try tree.renameFolder(Self.unfinished, to: HostPreparation.stateFolder)
        return record
    }

    func save(_ record: PreparationRecord) throws {
        try tree.replaceFile(Self.path, with: try encoded(record), mode: 0o600, ownership: nil)
    }

    /// Removes the record, and the state folder with it when that is ours and nothing else is in it.
    ///
    /// - Returns: Whether the folder, which is ours, stays because of what is in it.
    func remove(_ record: PreparationRecord) throws -> Bool {
        _ = try tree.removeTemporary(of: Self.path)
        let isAlone = try tree.names(HostPreparation.stateFolder) == [Self.name]
        if record.madeStateFolder, isAlone {
            try tree.renameFolder(HostPreparation.stateFolder, to: Self.unfinished)
            try clear()
            return false
        }
        _ = try tree.removeFile(Self.path)
        return record.madeStateFolder
    }

    /// Removes what an interruption left.
    func clear() throws {
        guard try tree.entry(Self.unfinished) != nil else { return }
        _ = try tree.removeTemporary(of: "\(Self.unfinished)/\(Self.name)")
        _ = try tree.removeFile("\(Self.unfinished)/\(Self.name)")
        try tree.removeFolder(Self.unfinished)
    }

    private func encoded(_ record: PreparationRecord) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return Array(try encoder.encode(record))
    }
}
