// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import StoragePrimitives

/// A target as operators write it, and the rules for taking it.
enum TargetDisk {
    /// The path in `file:/path`.
    static func path(_ target: String) throws(ControlFailure) -> String {
        if target.hasPrefix("file:") {
            let path = String(target.dropFirst(5))
            guard path.hasPrefix("/") else {
                throw ControlFailure(
                    .invalidRequest, "Target \(target) is not an absolute path.", remedy: "Write file:/path/to/image.")
            }
            return path
        }
        throw ControlFailure(
            .invalidRequest, "Target \(target) is no image file.", remedy: "Write file:/path/to/image.")
    }

    /// Opens a target for one group, exclusively: a disk by its identity, or an image file.
    ///
    /// - Parameter isNew: Whether it is about to be bound.
    /// - Throws: A refusal that names the target: it is missing, held by another, too small, no disk.
    static func open(
        _ target: String, source: String, size: ByteCount, group: String, isNew: Bool, environment: GroupEnvironment
    ) throws -> any BlockDevice {
        let retentionPath = environment.retentionPath
        if DiskDesk.isDisk(target) {
            let (node, number) = try environment.disks.device(of: target, size: size, for: group, isNew: isNew)
            let device = try open(path: node, target, source: source, size: size)
            // Between the look and the opening the name may have gone to another disk.
            guard SystemFiles.blockDeviceNumber(node) == number else {
                throw ControlFailure(
                    .unavailable, "Disk \(target) went away while it was opened.", remedy: "Attach it, and try again.")
            }
            return try environment.disks.watched(device, of: target)
        }
        let path = try path(target)
        guard !path.hasPrefix(retentionPath + "/") else {
            throw ControlFailure(
                .refused, "Target \(target) lies on the retention volume, which is used for nothing else.",
                remedy: "Put the image on another volume.")
        }
        return try open(path: path, target, source: source, size: size)
    }

    private static func open(
        path: String, _ target: String, source: String, size: ByteCount
    ) throws -> any BlockDevice {
        let device: DirectFile
        do {
            device = try DirectFile(path: path, access: .exclusive)
        } catch {
            throw failure(target, error)
        }
        guard device.size >= size else {
            throw ControlFailure(
                .refused, "Target \(target) has \(device.size), and source \(source) has \(size).",
                remedy: "Bind a target that is at least as large.")
        }
        guard size.rawValue % UInt64(device.logicalBlockSize) == 0 else {
            throw ControlFailure(
                .refused,
                "Target \(target) has blocks of \(device.logicalBlockSize) bytes, and \(size.rawValue) bytes are no "
                    + "multiple of that.",
                remedy: "Bind a target with blocks of 512 bytes.")
        }
        return device
    }

    private static func failure(_ target: String, _ error: DeviceError) -> ControlFailure {
        switch error.code {
        case .notFound:
            ControlFailure(
                .unavailable, "Target \(target) is not there.",
                remedy: target.hasPrefix("file:") ? "Make it with truncate --size." : "Attach the disk.")
        case .busy:
            ControlFailure(
                .busy, "Target \(target) is held by something else.",
                remedy: "lsblk and fuser show by what; unbind, unmount or stop it.")
        case .notADisk:
            ControlFailure(
                .refused, "Target \(target) is neither a block device nor a regular file.",
                remedy: "Choose another one.")
        case .inputOutput, .noSpace, .readOnly, .permissionDenied, .shortTransfer, .outOfRange, .tooSmall, .exists:
            ControlFailure(.inputOutput, "Target \(target) cannot be opened (\(error)).", remedy: "Put the disk right.")
        }
    }
}
