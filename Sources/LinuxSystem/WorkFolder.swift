// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// A folder of its own for a while, which nobody else can look into: removed with all that is in it by ``remove()``, or
/// when it is let go.
public final class WorkFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Makes one, mode 0700. Source: man 3 mkdtemp.
    ///
    /// - Parameter parent: Where; nil for `TMPDIR`, or /tmp.
    public init(in parent: String? = nil) throws(DeviceError) {
        let parent = parent ?? Terminal.environment("TMPDIR").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        var name = Array("\(parent)/master-target-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&name) != nil else { throw systemError("mkdtemp", parent) }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove() }

    /// Removes it now: a program that ends lets nothing go.
    public func remove() { Self.remove(path) }

    /// Removes a folder and what is in it; no link is followed. What cannot be removed stays.
    private static func remove(_ path: String) {
        // A folder that cannot be read is removed if it is empty.
        for name in (try? SystemFiles.names(path)) ?? [] {
            let child = "\(path)/\(name)"
            var status = stat()
            guard unsafe lstat(child, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { remove(child) } else { unsafe _ = unlink(child) }
        }
        unsafe _ = rmdir(path)
    }
}
