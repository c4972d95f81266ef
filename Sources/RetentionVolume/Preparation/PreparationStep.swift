// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What the operator asks for.
public struct PreparationRequest: Hashable, Sendable {
    /// A filesystem that can be made.
    public enum Filesystem: String, Hashable, Sendable, CaseIterable {
        case xfs
        case ext4
    }

    /// The label of the filesystems that are made here: how one is known again. XFS allows 12 characters.
    public static let label = "mt-retention"

    /// The volume, as it is called in ``VolumeFacts/name``: `sdc1`.
    public var volume: String
    /// What is made when something is made.
    public var filesystem: Filesystem
    /// Where it is mounted.
    public var path: String
    /// The identity of a new filesystem: a random UUID, in lower case.
    public var uuid: String
    /// The signatures that may be lost, by name.
    public var destroying: Set<String>
    /// Whether a filesystem that works and was not made here is used as it is.
    public var isAdopting: Bool

    /// A request.
    public init(
        volume: String, filesystem: Filesystem = .xfs, path: String = "/mnt/retention",
        uuid: String = PreparationRequest.randomUUID(), destroying: Set<String> = [], isAdopting: Bool = false
    ) {
        self.volume = volume
        self.filesystem = filesystem
        self.path = path
        self.uuid = uuid
        self.destroying = destroying
        self.isAdopting = isAdopting
    }

    /// A random UUID. Source: RFC 9562, version 4.
    public static func randomUUID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }
}

/// A step of a preparation. Each can be done again.
public enum PreparationStep: Hashable, Sendable {
    /// Makes a filesystem. What the device carries is looked at once more before, with nobody else having it.
    case format(Format)
    /// Makes the folder, where it is not there.
    case makeFolder(String)
    /// Writes a unit, the same as before or not.
    case writeUnit(MountUnit)
    /// Has systemd read its units, start this one, and start it at every boot.
    case startUnit(MountUnit)
    /// Mounts without systemd.
    case mount(devnode: String, path: String, type: String, options: String)

    /// A filesystem to make.
    public struct Format: Hashable, Sendable {
        /// The device.
        public var devnode: String
        /// The number it had when the plan was made.
        public var device: DeviceNumber
        /// The names of the signatures it carried, sorted: they are lost.
        public var losing: [String]
        /// What is made.
        public var filesystem: PreparationRequest.Filesystem
        /// Its identity.
        public var uuid: String

        /// A filesystem to make.
        public init(
            devnode: String, device: DeviceNumber, losing: [String], filesystem: PreparationRequest.Filesystem,
            uuid: String
        ) {
            self.devnode = devnode
            self.device = device
            self.losing = losing
            self.filesystem = filesystem
            self.uuid = uuid
        }
    }

    /// A sentence for people.
    public var sentence: String {
        switch self {
        case .format(let format):
            "Make \(format.filesystem.rawValue) \(format.uuid) on \(format.devnode)"
                + (format.losing.isEmpty
                    ? ", which is blank." : "; its \(format.losing.joined(separator: ", ")) is lost.")
        case .makeFolder(let path): "Make the folder \(path)."
        case .writeUnit(let unit): "Write \(MountUnit.folder)/\(unit.name)."
        case .startUnit(let unit): "Start \(unit.name), now and at every boot."
        case .mount(let devnode, let path, _, _): "Mount \(devnode) on \(path)."
        }
    }
}

/// Does the steps of a preparation, or stands for what does in a test. Calls block.
public protocol PreparationSystem: AnyObject {
    /// Does a step.
    func perform(_ step: PreparationStep) throws(RetentionVolumeError)
}
