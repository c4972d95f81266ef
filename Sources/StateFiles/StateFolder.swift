// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import StoragePrimitives

/// A folder of small JSON files, each replaced in one durable step (``StoreFolder/replace(_:with:)``).
public struct StateFolder: Sendable {
    /// The folder.
    public let folder: any StoreFolder
    /// The largest file that is read.
    public let limit: Int

    /// - Parameter limit: The largest file that is read, in bytes.
    public init(_ folder: any StoreFolder, limit: Int) {
        self.folder = folder
        self.limit = limit
    }

    /// The names of the values in it, without `.json`. What a crash left of a replacement is no value.
    public func names() throws(DeviceError) -> [String] {
        try folder.names().filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// Replaces a value.
    public func write(_ value: some Encodable, as name: String) throws {
        try folder.replace("\(name).json", with: try JSON.encode(value))
    }

    /// A value; nil where there is none.
    ///
    /// - Throws: ``ControlFailure`` with `.corrupt` for what cannot be read as one.
    public func read<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value? {
        guard let bytes = try folder.contents(of: "\(name).json", limit: limit) else { return nil }
        do {
            return try JSON.decode(type, from: bytes)
        } catch {
            throw ControlFailure(
                .corrupt, "\(folder.path)/\(name).json cannot be read (\(error)).",
                remedy: "Restore it from a backup, or move it away.")
        }
    }

    /// Removes a value.
    public func remove(_ name: String) throws(DeviceError) {
        try folder.remove("\(name).json")
        try folder.sync()
    }
}
