// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// A small file with a secret in it: its contents, and who may read them.
public struct SecretFile: Sendable {
    /// All of it.
    public let contents: [UInt8]
    /// The permission bits of what was read, not of what has its name by now. Source: man 2 fstat, `st_mode`.
    public let permissions: UInt32

    /// Whether everybody on the machine may read or write it.
    public var isOpenToOthers: Bool { permissions & 0o006 != 0 }

    /// Reads a file.
    ///
    /// - Throws: ``DeviceError``, with `.outOfRange` for more than `limit` bytes.
    public init(path: String, limit: Int) throws(DeviceError) {
        let file = try FileDescriptor(path: path, flags: O_RDONLY)
        permissions = UInt32(try file.status().st_mode) & 0o7777
        contents = try SystemFiles.all(of: file, limit: limit) ?? []
    }
}
