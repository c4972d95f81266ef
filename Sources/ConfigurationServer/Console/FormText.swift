// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Names and values as forms and addresses carry them: `application/x-www-form-urlencoded`.
///
/// Bounded: whoever reads a body bounds its octets, and there are at most ``maximumFields`` of them.
/// Source: WHATWG URL Standard, section 5.
package struct FormFields: Sendable {
    static let maximumFields = 512

    private let values: [String: String]

    /// Of a name that comes more than once the first value counts; what is no UTF-8 is replaced.
    package init(_ text: String) {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&", maxSplits: Self.maximumFields, omittingEmptySubsequences: true)
            .prefix(Self.maximumFields)
        {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.decoded(parts[0])
            if values[name] == nil { values[name] = parts.count > 1 ? Self.decoded(parts[1]) : "" }
        }
        self.values = values
    }

    /// A field's value without white space at its ends; nil when there is none, or nothing in it.
    package subscript(_ name: String) -> String? {
        guard let value = values[name] else { return nil }
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        let trimmed = String(value.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        return trimmed.isEmpty ? nil : trimmed
    }

    /// Whether a box was ticked.
    package func isTicked(_ name: String) -> Bool { self[name] != nil }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.count >= 2, rest.first != UInt8(ascii: "+")
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What is put into an address.
package enum AddressText {
    /// Everything but the unreserved characters as `%XX`. Source: RFC 3986, section 2.
    package static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.properties.isAlphabetic && byte < 0x80 || (0x30...0x39).contains(byte)
                || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
            result += isPlain ? String(scalar) : "%" + hexadecimal(byte)
        }
        // A segment of dots alone would mean another folder.
        return result.allSatisfy { $0 == "." } ? result.replacing(".", with: "%2E") : result
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
