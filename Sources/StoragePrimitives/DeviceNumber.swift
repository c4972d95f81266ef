// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A block device's number, as the kernel knows it while it is attached: `8:16`.
///
/// Not an identity: the number of a disk may be another one's after the next boot.
public struct DeviceNumber: Hashable, Sendable {
    /// The driver, below 2^12.
    public let major: UInt32
    /// The device among the driver's, below 2^20.
    public let minor: UInt32

    /// That device.
    public init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }

    /// Reads `8:16`, as sysfs, mountinfo and multipathd write it; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.first?.isNumber == true }), let major = UInt32(parts[0]),
            let minor = UInt32(parts[1]), major < 1 << 12, minor < 1 << 20
        else { return nil }
        self.init(major: major, minor: minor)
    }
}

extension DeviceNumber: Comparable {
    /// By driver, then by device.
    public static func < (left: DeviceNumber, right: DeviceNumber) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

extension DeviceNumber: CustomStringConvertible {
    /// `8:16`.
    public var description: String { "\(major):\(minor)" }
}
