// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why the retention volume could not be looked at or prepared.
public struct RetentionVolumeError: Error, Hashable, Sendable {
    /// What went wrong, as far as callers act on it.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The mount table or the swap table could not be read.
        case unreadableTable
        /// The devices of the machine could not be listed.
        case unreadableDevices
        /// What a device carries could not be found out.
        case unreadableSignatures
        /// A filesystem could not be mounted or unmounted.
        case mountFailed
        /// There is no such volume.
        case noSuchVolume
        /// A rule refuses the volume, whatever it carries.
        case refused
        /// It carries what would be lost, and that was not named.
        case wouldDestroy
        /// It is not what it was when the plan was made.
        case changedMeanwhile
        /// The filesystem could not be made.
        case formatFailed
        /// The unit could not be written or started.
        case unitFailed
        /// A path cannot be used as the retention folder.
        case badPath
    }

    /// What went wrong.
    public let code: Code
    /// The device, file or path it concerns.
    public let object: String
    /// What was seen, in sentences without the last full stop.
    public let detail: String

    /// An error.
    public init(_ code: Code, object: String, detail: String = "") {
        self.code = code
        self.object = object
        self.detail = detail
    }
}

extension RetentionVolumeError: CustomStringConvertible {
    /// A sentence with the remedy, where there is one that always holds.
    public var description: String {
        let (what, remedy) =
            switch code {
            case .unreadableTable: ("\(object) could not be read", "")
            case .unreadableDevices: ("The devices of this machine could not be listed (\(object))", "")
            case .unreadableSignatures: ("What \(object) carries could not be found out", "Run it as root.")
            case .mountFailed: ("\(object) could not be mounted or unmounted", "The kernel's log says more: dmesg.")
            case .noSuchVolume: ("There is no volume \(object)", "See 'mtctl retention candidates'.")
            case .refused: ("\(object) cannot be the retention volume", "")
            case .wouldDestroy: ("\(object) is not empty, and was left as it is", "")
            case .changedMeanwhile:
                ("\(object) is not what it was a moment ago, and was left as it is", "Look at it, then try again.")
            case .formatFailed:
                ("The filesystem on \(object) could not be made", "Install xfsprogs or e2fsprogs if they are missing.")
            case .unitFailed: ("The unit \(object) could not be put in place", "See 'systemctl status \(object)'.")
            case .badPath: ("\(object) cannot be the retention folder", "")
            }
        let first = "\(what)\(detail.isEmpty ? "" : ": \(detail)")."
        return remedy.isEmpty ? first : "\(first) \(remedy)"
    }
}
