// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import StoragePrimitives

/// The machine's identity as it was recorded, in `host-identity.json` of the state folder.
struct HostIdentityRecord {
    static let name = "host-identity.json"
    private static let limit = 4096

    private let folder: any StoreFolder

    init(_ folder: any StoreFolder) { self.folder = folder }

    func read() throws -> HostIdentity? {
        guard let bytes = try folder.contents(of: Self.name, limit: Self.limit) else { return nil }
        do {
            return try JSONDecoder().decode(HostIdentity.self, from: Data(bytes))
        } catch {
            throw HealthError(
                .corruptRecord,
                "\(folder.path)/\(Self.name) cannot be read (\(error)); 'mtctl host accept-identity' writes it anew.")
        }
    }

    func write(_ identity: HostIdentity) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try folder.replace(Self.name, with: Array(try encoder.encode(identity)))
    }
}
