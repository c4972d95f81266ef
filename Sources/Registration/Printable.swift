// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Texts that can be printed: nothing in them moves a cursor, colors anything, turns the direction of a line or begins
/// another one. What an answer carries was said by servers, and one of them may be somebody's.
///
/// Line breaks and tabs become a space, every other control or format character U+FFFD.
///
/// Source: RFC 8259, section 7; ECMA-48, section 5; Unicode, general categories Cc, Cf, Zl and Zp.
package enum Printable {
    /// The text as one line.
    package static func text(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map(printable)))
    }

    /// The same JSON with printable strings. What is no JSON stays none.
    package static func json(_ json: [UInt8]) -> [UInt8] {
        var result = String.UnicodeScalarView()
        var rest = Substring(String(decoding: json, as: UTF8.self)).unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "\\", let kind = rest.popFirst() else {
                result.append(printable(scalar))
                continue
            }
            switch kind {
            case "n", "r", "t": result.append(" ")
            case "b", "f": result.append(replacement)
            case "u":
                let digits = rest.prefix(4)
                rest = rest.dropFirst(digits.count)
                // Half of a pair is no scalar; pairs stand for what is beyond the control characters.
                let scalar = UInt32(String(digits), radix: 16).flatMap { Unicode.Scalar($0) }
                if let scalar, printable(scalar) != scalar {
                    result.append(printable(scalar))
                } else {
                    result.append(contentsOf: "\\u\(String(digits))".unicodeScalars)
                }
            case _:
                result.append(scalar)
                result.append(printable(kind))
            }
        }
        return Array(String(result).utf8)
    }

    private static let replacement: Unicode.Scalar = "\u{FFFD}"

    private static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "\n", "\r", "\t": return " "
        case _: return isPrintable(scalar) ? scalar : replacement
        }
    }

    /// Whether a terminal shows it and does nothing else.
    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        case _: true
        }
    }
}
