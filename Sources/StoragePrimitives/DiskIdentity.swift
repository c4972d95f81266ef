// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a disk is known by, whatever it is called today: the text that `scsi_id` prints for it, such as
/// `36000c29aaaa1111bbbb2222cccc3333d`.
///
/// Two devices with equal identities are paths to one unit, or an error somewhere outside; never two usable disks.
public struct DiskIdentity: RawRepresentable, Hashable, Sendable, Codable {
    /// Where an identity comes from.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case naa  // SCSI page 0x83, NAA
        case eui64  // SCSI page 0x83, EUI-64
        case t10VendorID  // SCSI page 0x83, T10 vendor id
        case scsiName  // SCSI page 0x83, SCSI name string
        case unitSerial  // SCSI page 0x80 with vendor and model
        case nvme  // NVMe NGUID, EUI-64 or UUID
        case virtio  // virtio-blk serial
    }

    /// The longest text that is taken, in bytes: a T10 designator has at most 255.
    public static let longestText = 512

    /// The text, with a first part that tells the kind.
    public let rawValue: String

    /// Reads the text of an identity; nil for what no disk answers with: an unknown beginning, a separator of paths, a
    /// space or a control character in it, too much of it.
    public init?(rawValue: String) {
        guard rawValue.utf8.count <= Self.longestText, Self.kind(of: rawValue) != nil,
            rawValue.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") })
        else { return nil }
        self.rawValue = rawValue
    }

    /// Where it comes from.
    public var kind: Kind { Self.kind(of: rawValue) ?? .unitSerial }

    private static func kind(of text: String) -> Kind? {
        for (prefix, kind) in [("eui.", Kind.nvme), ("uuid.", .nvme), ("virtio-", .virtio)]
        where text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count { return kind }
        guard text.utf8.count > 1 else { return nil }
        switch text.utf8.first {
        case UInt8(ascii: "1"): return .t10VendorID
        case UInt8(ascii: "2"): return .eui64
        case UInt8(ascii: "3"): return .naa
        case UInt8(ascii: "8"): return .scsiName
        case UInt8(ascii: "S"): return .unitSerial
        default: return nil
        }
    }

    /// Reads the text.
    ///
    /// - Throws: `DecodingError` for what is no identity.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let identity = DiskIdentity(rawValue: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no disk's identity")
        }
        self = identity
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension DiskIdentity: CustomStringConvertible {
    /// The text.
    public var description: String { rawValue }
}
