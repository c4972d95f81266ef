// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// Looks at the retention folder while it is used. Blocks, as long as a sync takes: on a disk thread.
public struct VolumeObserver: Sendable {
    /// The file that is written to see whether writing works. It is ours: one that is left over is replaced.
    public static let probeName = ".master-target-probe"
    private static let probeBytes = 4096

    private let mounter: any Mounter

    /// Looks with the mount table of `mounter`.
    public init(mounter: any Mounter = SystemMounter()) { self.mounter = mounter }

    /// Looks.
    ///
    /// - Parameter isProbing: Whether to write, sync and remove a file of one block as well.
    public func observe(path: String, isProbing: Bool = true) -> VolumeObservation {
        let resolved = SystemFiles.resolved(path)
        var seen = VolumeObservation(
            path: resolved ?? path, hasFolder: resolved.map { FolderTree.isFolder($0) } ?? false)
        do {
            let mounts = try mounter.mounts()
            seen.mount = mounts.covering(seen.path)
            seen.root = mounts.covering("/")
        } catch {
            seen.tableProblem = error.detail
        }
        if let mount = seen.mount, SystemFiles.blockDeviceNumber(mount.source) != nil {
            // That it could not be read is what a missing signature says.
            let found = try? VolumeSignature.all(on: mount.source)
            seen.signature = found?.first { $0.usage == .filesystem }
        }
        guard seen.hasFolder else { return seen }
        // What does not answer is what missing room says.
        let room = try? FilesystemSpace(holding: seen.path)
        seen.space = room.map { VolumeObservation.FilesystemRoom(total: $0.total, available: $0.available) }
        if isProbing { seen.probe = Self.probe(seen.path) }
        return seen
    }

    private static func probe(_ path: String) -> VolumeObservation.Probe {
        do {
            try write(to: try DirectoryFolder(path: path))
            return .written
        } catch {
            return .failed(error)
        }
    }

    /// Writes, syncs and removes a block in a folder.
    ///
    /// - Throws: ``DeviceError`` of whichever failed first. What was written is removed where that is possible.
    public static func write(to folder: any StoreFolder) throws(DeviceError) {
        let file = try create(in: folder)
        do {
            let block = AlignedBuffer(count: probeBytes)
            try file.write(block.bytes, at: .zero)
            try file.sync()
        } catch {
            // The first error says what is wrong; one more of the same cause adds nothing.
            try? folder.remove(probeName)
            throw error
        }
        try folder.remove(probeName)
        try folder.sync()
    }

    private static func create(in folder: any StoreFolder) throws(DeviceError) -> any StoreFile {
        do {
            return try folder.create(probeName)
        } catch {
            guard error.code == .exists else { throw error }
        }
        // Left over from a process that was killed.
        try folder.remove(probeName)
        return try folder.create(probeName)
    }
}
