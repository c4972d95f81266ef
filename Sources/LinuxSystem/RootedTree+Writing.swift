// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

extension RootedTree {
    /// What the end of a name says while a file is being replaced. Programs that read a folder of drop-ins pass it over.
    public static let temporarySuffix = ".master-target-new"

    /// Makes a folder whose parent is there, durably. Source: man 2 mkdir, man 2 chmod.
    ///
    /// - Throws: ``DeviceError`` with `.exists` when something has that name.
    public func makeFolder(_ path: String, mode: UInt32) throws(DeviceError) {
        let place = try location(path)
        guard unsafe mkdir(place, 0o700) == 0 else { throw systemError("mkdir", place) }
        guard unsafe chmod(place, mode) == 0 else { throw systemError("chmod", place) }
        try syncFolder(holding: place)
    }

    /// Removes a folder that is empty, durably.
    ///
    /// - Throws: ``DeviceError`` with `.exists` when something is in it.
    public func removeFolder(_ path: String) throws(DeviceError) {
        let place = try location(path)
        guard unsafe rmdir(place) == 0 else { throw systemError("rmdir", place) }
        try syncFolder(holding: place)
    }

    /// Gives a folder another name beside it, durably; nothing may have that name. Source: man 2 rename.
    public func renameFolder(_ path: String, to newPath: String) throws(DeviceError) {
        let (place, newPlace) = (try location(path), try location(newPath))
        guard unsafe rename(place, newPlace) == 0 else { throw systemError("rename", place) }
        try syncFolder(holding: newPlace)
    }

    /// Sets rights.
    public func setMode(_ path: String, to mode: UInt32) throws(DeviceError) {
        let place = try location(path)
        guard unsafe chmod(place, mode) == 0 else { throw systemError("chmod", place) }
        try syncFolder(holding: place)
    }

    /// Makes or replaces a small file in one durable step: beside it, synced, renamed, and the folder synced.
    ///
    /// - Parameter ownership: Owner and group; nil for those of this process.
    public func replaceFile(
        _ path: String, with bytes: [UInt8], mode: UInt32, ownership: (owner: UInt32, group: UInt32)? = nil
    ) throws(DeviceError) {
        let place = try location(path)
        let temporary = place + Self.temporarySuffix
        let file = try FileDescriptor(path: temporary, flags: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
        try unsafe file.write(bytes.span.bytes, at: 0)
        if let ownership {
            let status = try file.status()
            if status.st_uid != ownership.owner || status.st_gid != ownership.group {
                guard fchown(file.number, ownership.owner, ownership.group) == 0 else {
                    throw systemError("fchown", temporary)
                }
            }
        }
        // After the owner: a change of owner takes the set-id bits away.
        guard fchmod(file.number, mode) == 0 else { throw systemError("fchmod", temporary) }
        try file.sync()
        guard unsafe rename(temporary, place) == 0 else { throw systemError("rename", temporary) }
        try syncFolder(holding: place)
    }

    /// Removes a file, durably; whether there was one.
    public func removeFile(_ path: String) throws(DeviceError) -> Bool {
        let place = try location(path)
        guard unsafe unlink(place) == 0 else {
            let error = systemError("unlink", place)
            if error.code == .notFound { return false }
            throw error
        }
        try syncFolder(holding: place)
        return true
    }

    /// Removes what a crash left of ``replaceFile(_:with:mode:ownership:)``; whether there was something.
    public func removeTemporary(of path: String) throws(DeviceError) -> Bool {
        let place = try location(path) + Self.temporarySuffix
        guard unsafe unlink(place) == 0 else {
            let error = systemError("unlink", place)
            if error.code == .notFound { return false }
            throw error
        }
        try syncFolder(holding: place)
        return true
    }

    private func syncFolder(holding place: String) throws(DeviceError) {
        let end = place.lastIndex(of: "/") ?? place.startIndex
        let folder = place[..<end]
        try FileDescriptor(path: folder.isEmpty ? "/" : String(folder), flags: O_RDONLY | O_DIRECTORY).sync()
    }
}
