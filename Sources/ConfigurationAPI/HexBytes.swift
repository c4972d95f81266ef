// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A few octets as JSON carries them: hexadecimal digits, two for each octet, written in lower case.
public struct HexBytes: Hashable, Sendable, Codable {
    /// The most octets that one may have; nonces, salts, proofs and fingerprints are shorter.
    public static let maximumCount = 64

    /// The octets.
    public let bytes: [UInt8]

    /// Octets that JSON will carry.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Parses hexadecimal digits of either case; colons between octets, as OpenSSL writes them, are skipped. Nil for
    /// anything else, and for more than ``maximumCount`` octets.
    public init?(_ text: String) {
        var digits: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: digits.append(byte - 0x30)
            case 0x61...0x66: digits.append(byte - 0x61 + 10)
            case 0x41...0x46: digits.append(byte - 0x41 + 10)
            case 0x3A where digits.count.isMultiple(of: 2) && !digits.isEmpty: continue
            default: return nil
            }
            guard digits.count <= Self.maximumCount * 2 else { return nil }
        }
        guard digits.count.isMultiple(of: 2) else { return nil }
        bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Reads a string of hexadecimal digits.
    ///
    /// - Throws: `DecodingError` for any other value, and for one that is too long.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = HexBytes(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not hexadecimal digits of at most \(Self.maximumCount) octets")
        }
        self = value
    }

    /// Writes a string of hexadecimal digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension HexBytes: CustomStringConvertible {
    /// The digits, in lower case, without separators.
    public var description: String {
        var text = ""
        for byte in bytes { text += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return text
    }
}
