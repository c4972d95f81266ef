// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// LVM's configuration, as far as one setting is looked for and replaced in it; everything else stays byte for byte.
///
/// Source: lvm.conf(5), "SYNTAX": sections `name { … }`, settings `name = value` or `section/name = value`, a value is a
/// number, a string in quotes or a list in brackets; `#` begins a comment.
struct LVMConfiguration {
    /// A setting's value: where it stands, and the strings or numbers in it.
    struct Value: Hashable {
        let range: Range<Int>
        let items: [String]
    }

    private static let deepest = 8

    private let bytes: [UInt8]
    /// The last of several settings of a name holds.
    private var values: [String: Value] = [:]

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// - Throws: ``PreparationError`` with `.malformedFile`, naming the line.
    init(parsing bytes: [UInt8], name: String) throws(PreparationError) {
        self.bytes = bytes
        var scanner = Scanner(bytes: bytes, name: name)
        var sections: [String] = []
        while let token = try scanner.next() {
            switch token {
            case .close:
                guard sections.popLast() != nil else { throw scanner.malformed("a brace closes nothing") }
            case .word(let word):
                let path = (sections + [word]).joined(separator: "/")
                switch try scanner.next() {
                case .open:
                    guard sections.count < Self.deepest else { throw scanner.malformed("it is nested too deep") }
                    sections.append(word)
                case .equals: values[path] = try scanner.value()
                default: throw scanner.malformed("after '\(word)' comes neither a brace nor an equals sign")
                }
            case .open, .equals, .string, .openList, .closeList, .comma:
                throw scanner.malformed("a setting or a section is expected")
            }
        }
        guard sections.isEmpty else {
            throw scanner.malformed(
                "section '\(sections.joined(separator: "/"))' is not "
                    + "closed")
        }
    }

    func value(_ path: String) -> Value? { values[path] }

    /// The text with another value in the place of one.
    func replacing(_ value: Value, with text: String) -> String {
        String(
            decoding: bytes[..<value.range.lowerBound] + Array(text.utf8) + bytes[value.range.upperBound...],
            as: UTF8.self)
    }

    private enum Token {
        case word(String)
        case string(String)
        case open
        case close
        case equals
        case openList
        case closeList
        case comma
    }

    private struct Scanner {
        let bytes: [UInt8]
        let name: String
        var position = 0

        init(bytes: [UInt8], name: String) {
            self.bytes = bytes
            self.name = name
        }

        func malformed(_ what: String) -> PreparationError {
            let line = bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
            return PreparationError(
                .malformedFile, "\(name) line \(line): \(what).", remedy: "Mend it; 'lvmconfig --validate' helps.")
        }

        /// Skips blanks and comments, so that ``position`` is where the next token begins.
        mutating func skip() {
            while position < bytes.count {
                if bytes[position] == UInt8(ascii: "#") {
                    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
                } else if [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
                    position += 1
                } else {
                    return
                }
            }
        }

        mutating func next() throws(PreparationError) -> Token? {
            skip()
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "{"): return .open
            case UInt8(ascii: "}"): return .close
            case UInt8(ascii: "["): return .openList
            case UInt8(ascii: "]"): return .closeList
            case UInt8(ascii: "="): return .equals
            case UInt8(ascii: ","): return .comma
            case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string(endingWith: byte))
            default:
                let start = position - 1
                while position < bytes.count, Self.isOfWord(bytes[position]) { position += 1 }
                return .word(String(decoding: bytes[start..<position], as: UTF8.self))
            }
        }

        private static func isOfWord(_ byte: UInt8) -> Bool {
            byte > 0x20 && !"{}[]=,\"'#".utf8.contains(byte)
        }

        /// In double quotes a backslash takes the next character literally, in single quotes nothing does.
        private mutating func string(endingWith quote: UInt8) throws(PreparationError) -> String {
            var result: [UInt8] = []
            while position < bytes.count {
                var byte = bytes[position]
                position += 1
                if byte == quote { return String(decoding: result, as: UTF8.self) }
                if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), position < bytes.count {
                    byte = bytes[position]
                    position += 1
                }
                result.append(byte)
            }
            throw malformed("a quote is not closed")
        }

        mutating func value() throws(PreparationError) -> Value {
            skip()
            let start = position
            switch try next() {
            case .word(let text), .string(let text): return Value(range: start..<position, items: [text])
            case .openList:
                var items: [String] = []
                while true {
                    switch try next() {
                    case .word(let text), .string(let text): items.append(text)
                    case .comma: continue
                    case .closeList: return Value(range: start..<position, items: items)
                    case .open, .close, .equals, .openList, nil: throw malformed("a list is not closed")
                    }
                }
            case .open, .close, .equals, .closeList, .comma, nil: throw malformed("a value is missing")
            }
        }
    }
}
