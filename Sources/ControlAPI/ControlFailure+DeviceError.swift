// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension ControlFailure {
    /// What a device or a file answered, as something to answer with.
    public static func from(_ error: DeviceError) -> ControlFailure {
        switch error.code {
        case .notFound:
            ControlFailure(
                .unavailable, "\(error.object) is not there (\(error)).", remedy: "Attach it, or correct its path.")
        case .busy:
            ControlFailure(
                .busy, "\(error.object) is in use (\(error)).",
                remedy: "Unmount it, or stop what holds it: lsblk and fuser show what.")
        case .noSpace:
            ControlFailure(.inputOutput, "\(error.object) has no room left (\(error)).", remedy: "Free space on it.")
        case .permissionDenied, .readOnly:
            ControlFailure(
                .inputOutput, "\(error.object) does not let the agent in (\(error)).", remedy: "Give it the access.")
        case .tooSmall, .notADisk, .outOfRange, .exists:
            ControlFailure(.refused, "\(error.object) cannot be used (\(error)).", remedy: "Choose another one.")
        case .inputOutput, .shortTransfer:
            ControlFailure(
                .inputOutput, "\(error.object) failed (\(error)).", remedy: "Look at the kernel's log and replace it.")
        }
    }
}
