// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory

extension VolumeSignature {
    /// Everything that a device or an image carries, in the order of finding; empty when it is blank. Blocks.
    ///
    /// - Throws: ``RetentionVolumeError`` with `.unreadableSignatures`.
    public static func all(on path: String) throws(RetentionVolumeError) -> [VolumeSignature] {
        do {
            return try SignatureProbe.signatures(of: path).map(Self.init)
        } catch {
            throw RetentionVolumeError(
                .unreadableSignatures, object: path,
                detail: error.operation.hasPrefix("blkid_new") ? "it cannot be opened" : error.detail)
        }
    }

    private init(_ signature: Signature) {
        let usage: Usage =
            switch signature.usage {
            case "filesystem": .filesystem
            case "raid": .raid
            case "crypto": .crypto
            case "partition-table": .partitionTable
            default: .other
            }
        self.init(signature.type, usage: usage, label: signature.label, uuid: signature.uuid)
    }
}
