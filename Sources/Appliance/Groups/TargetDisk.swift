// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import StoragePrimitives

/// A target as operators write it, and the rules for taking it.
enum TargetDisk {
    /// `file:/path` or `/dev/…`.
    static func path(_ target: String) throws(ControlFailure) -> String {
        if target.hasPrefix("file:") {
            let path = String(target.dropFirst(5))
            guard path.hasPrefix("/") else {
                throw ControlFailure(
                    .invalidRequest, "Target \(target) is not an absolute path.", remedy: "Write file:/path/to/image.")
            }
            return path
        }
        guard target.hasPrefix("/dev/") else {
            throw ControlFailure(
                .invalidRequest, "Target \(target) is neither a block device nor an image file.",
                remedy: "Write /dev/disk/by-id/… for a disk, or file:/path for an image file.")
        }
        return target
    }

    /// Opens a target for one group, exclusively.
    ///
    /// - Throws: A refusal that names the target: it is missing, held by another, too small, no disk.
    static func open(_ target: String, source: String, size: ByteCount, retentionPath: String) throws -> any BlockDevice
    {
        let path = try path(target)
        guard !path.hasPrefix(retentionPath + "/") else {
            throw ControlFailure(
                .refused, "Target \(target) lies on the retention volume, which is used for nothing else.",
                remedy: "Put the image on another volume.")
        }
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
