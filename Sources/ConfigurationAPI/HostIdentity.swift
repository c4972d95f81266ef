// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The machine that a host id was first seen on.
///
/// A copy of a disk carries the host id with it and not these: that is how a clone is told from its original.
public struct MachineFingerprint: Hashable, Sendable, Codable {
    /// The machine id, hashed for this application: 16 octets. Source: man 3 sd_id128_get_machine_app_specific.
    public var machineID: HexBytes
    /// The product UUID of DMI: 16 octets; nil where the machine has none, or does not let it be read.
    public var productUUID: HexBytes?

    /// A fingerprint.
    public init(machineID: HexBytes, productUUID: HexBytes? = nil) {
        self.machineID = machineID
        self.productUUID = productUUID
    }

    /// Whether both are of one machine, as far as both tell.
    public func isSameMachine(as other: MachineFingerprint) -> Bool {
        guard machineID == other.machineID else { return false }
        guard let mine = productUUID, let theirs = other.productUUID else { return true }
        return mine == theirs
    }

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if machineID.bytes.count != 16 { return "The machine id has \(machineID.bytes.count) octets; it must have 16." }
        if let count = productUUID?.bytes.count, count != 16 {
            return "The product UUID has \(count) octets; it must have 16."
        }
        return nil
    }
}

/// What a server says of itself, and what is believed of that only by its form.
public enum HostText {
    /// Whether it is a UUID in lower case: `8-4-4-4-12` digits. Source: RFC 9562, section 4.
    public static func isHostID(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return false }
        for (index, byte) in bytes.enumerated() {
            let isDash = [8, 13, 18, 23].contains(index)
            let isDigit = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            guard isDash ? byte == 0x2D : isDigit else { return false }
        }
        return true
    }

    /// Whether it is a host's name: 1 to 253 letters, digits, dots, hyphens and underscores (RFC 1123, section 2.1,
    /// and the underscore that real hosts have).
    public static func isHostName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }

    /// Whether it is the version of a program: 1 to 64 letters, digits and `.+-~_`.
    public static func isVersion(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { isAlphanumeric($0) || [0x2B, 0x2D, 0x2E, 0x5F, 0x7E].contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
