// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The systemd unit that mounts the retention volume.
///
/// Source: systemd.mount(5), systemd.unit(5), "STRING ESCAPING FOR INCLUSION IN UNIT NAMES".
public struct MountUnit: Hashable, Sendable {
    /// Where units of an administrator's lie.
    public static let folder = "/etc/systemd/system"

    /// Where the volume is mounted: absolute, without `.`, `..` or a slash at its end.
    public let path: String
    /// The filesystem's identity.
    public let uuid: String
    /// `xfs` or `ext4`.
    public let type: String

    /// A unit.
    ///
    /// - Throws: ``RetentionVolumeError`` with `.badPath` for a path that no unit can be named after, and for an identity
    ///   or a type that is none.
    public init(path: String, uuid: String, type: String) throws(RetentionVolumeError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard path.hasPrefix("/"), !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
            path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else {
            throw RetentionVolumeError(
                .badPath, object: path, detail: "it has to be an absolute path of a folder, and not the root")
        }
        // Both go into the unit's text: nothing but what they are made of.
        guard !uuid.isEmpty, uuid.utf8.allSatisfy({ Self.isPlain($0) || $0 == UInt8(ascii: "-") }),
            !type.isEmpty, type.utf8.allSatisfy(Self.isPlain)
        else { throw RetentionVolumeError(.badPath, object: path, detail: "'\(uuid)' (\(type)) is no filesystem") }
        self.path = path
        self.uuid = uuid
        self.type = type
    }

    /// The unit's name: `mnt-retention.mount`.
    public var name: String { "\(Self.escape(path)).mount" }

    /// The unit's text. `nofail`: a missing disk must not keep the machine from starting; the appliance says what is
    /// missing. No programs, devices or set-user-id files are ever used from it.
    public var text: String {
        """
        # Written by 'mtctl retention prepare'; written anew when it is run again.
        [Unit]
        Description=Master Target retention volume
        Before=mastertargetd.service

        [Mount]
        What=/dev/disk/by-uuid/\(uuid)
        Where=\(path.replacing("%", with: "%%"))
        Type=\(type)
        Options=\(Self.options)

        [Install]
        WantedBy=multi-user.target

        """
    }

    /// The options of the mount.
    public static let options = "nofail,noatime,nodev,nosuid,noexec"

    /// A path as part of a unit's name: slashes become hyphens, and what is not a letter, a digit, `:`, `_` or `.` its
    /// hexadecimal code.
    public static func escape(_ path: String) -> String {
        let bytes = Array(path.utf8)
        let trimmed = bytes.drop { $0 == UInt8(ascii: "/") }
        guard !trimmed.isEmpty else { return "-" }
        var escaped = ""
        for (index, byte) in trimmed.enumerated() {
            if byte == UInt8(ascii: "/") {
                escaped += "-"
            } else if isPlain(byte) || byte == UInt8(ascii: ":") || (byte == UInt8(ascii: ".") && index > 0) {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16)
                escaped += "\\x" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return escaped
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
