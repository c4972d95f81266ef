// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Finds what stands behind names of secrets in any kind of text, in one pass over its bytes: YAML, JSON, unit files,
/// command lines, headers, addresses, messages.
struct SecretNames {
    /// What is to be taken out: ascending, without overlaps.
    private(set) var found: [Range<Int>] = []
    private let text: [UInt8]

    /// A name of which one of these is a part is that of a secret. Written without separators.
    private static let words = [
        "password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey", "consolecode",
        "signincode", "authorization", "cookie", "bearer", "setcredential",
    ]
    /// Unless it ends in one of these: the name of a place, or a measure.
    private static let places = ["file", "path", "folder", "directory", "days", "seconds", "fd"]
    /// A number that only grows, told to everybody.
    private static let harmless: Set<String> = ["fencingtoken"]

    /// What a value may have at most: no secret is longer, and a mistake takes no more with it.
    private static let longestValue = 16 << 10
    /// What an address may have before its host.
    private static let longestAddress = 1 << 10

    init(_ text: [UInt8]) {
        self.text = text
        look()
    }

    private mutating func look() {
        var position = 0
        while position < text.count {
            let byte = text[position]
            if Self.isWord(byte) {
                let end = text[position...].firstIndex { !Self.isWord($0) } ?? text.count
                position = word(position..<end) ?? end
            } else if byte == UInt8(ascii: ":"), text[position...].starts(with: Array("://".utf8)) {
                position = address(position + 3)
            } else {
                position += 1
            }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }

    // MARK: Names

    /// Where to go on when the word is a secret, or the name of one.
    private mutating func word(_ range: Range<Int>) -> Int? {
        // A sentence may end with it.
        let last = text[range].lastIndex { $0 != UInt8(ascii: ".") } ?? range.lowerBound
        if Self.isSecretShape(text[range.lowerBound...last]) {
            found.append(range.lowerBound..<last + 1)
            return range.upperBound
        }
        guard Self.isName(text[range]), let value = value(after: range), !value.isEmpty else { return nil }
        found.append(value)
        return value.upperBound
    }

    private static func isName(_ word: ArraySlice<UInt8>) -> Bool {
        guard (4...64).contains(word.count) else { return false }
        var name = ""
        for byte in word {
            switch byte {
            case 0x41...0x5A: name.unicodeScalars.append(UnicodeScalar(byte | 0x20))
            case 0x30...0x39, 0x61...0x7A: name.unicodeScalars.append(UnicodeScalar(byte))
            default: break
            }
        }
        guard !harmless.contains(name), !places.contains(where: { name.hasSuffix($0) }) else { return false }
        return words.contains { name.contains($0) }
    }

    /// What belongs to a name: behind a colon or an equals sign, or behind an option.
    private func value(after name: Range<Int>) -> Range<Int>? {
        var position = name.upperBound
        var isQuoted = false
        if let length = quote(at: position) {
            position += length
            isQuoted = true
        }
        let separator = skipBlanks(position)
        if separator < text.count, text[separator] == UInt8(ascii: ":") || text[separator] == UInt8(ascii: "=") {
            return value(at: skipBlanks(separator + 1), of: name, isNameQuoted: isQuoted)
        }
        // --passphrase WORD
        guard !isQuoted, text[name].starts(with: [UInt8(ascii: "-")]), separator > position else { return nil }
        return quoted(at: separator) ?? separator..<wordEnd(separator)
    }

    private func value(at start: Int, of name: Range<Int>, isNameQuoted: Bool) -> Range<Int>? {
        guard start < text.count else { return nil }
        if let quoted = quoted(at: start) { return quoted }
        guard isNameQuoted else { return restOfLine(from: start, name: name) }
        // JSON: a list or an object may hold secrets under any name, so all of it goes.
        switch text[start] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return start..<closing(of: start)
        default:
            let end = text[start...].firstIndex { [UInt8(ascii: ","), UInt8(ascii: "}"), 0x5D, 0x0A].contains($0) }
            let value = start..<(end ?? text.count)
            return text[value].elementsEqual("null".utf8) ? nil : value
        }
    }

    // MARK: Values

    /// The length of a quotation mark, alone or with the backslash that it has inside another text.
    private func quote(at position: Int) -> Int? {
        guard position < text.count else { return nil }
        if Self.isQuote(text[position]) { return 1 }
        if text[position] == 0x5C, position + 1 < text.count, Self.isQuote(text[position + 1]) { return 2 }
        return nil
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

    /// What is between quotation marks; nil where there are none.
    private func quoted(at start: Int) -> Range<Int>? {
        guard let length = quote(at: start) else { return nil }
        let first = start + length
        let mark = text[start + length - 1]
        var position = first
        let limit = min(text.count, first + Self.longestValue)
        while position < limit {
            if length == 2, text[position] == 0x5C, position + 1 < limit, text[position + 1] == mark {
                return first..<position
            }
            if length == 1, text[position] == mark { return first..<position }
            // A backslash takes the next character with it.
            position += text[position] == 0x5C ? 2 : 1
        }
        return first..<limit
    }

    /// To the end of the line, with lines that go on: behind a backslash, and deeper than the name in YAML.
    private func restOfLine(from start: Int, name: Range<Int>) -> Range<Int> {
        let limit = min(text.count, start + Self.longestValue)
        var end = lineEnd(start, limit)
        while end < limit, end > start, text[end - 1] == 0x5C { end = lineEnd(end + 1, limit) }
        let isBlock = start >= end || text[start] == UInt8(ascii: "|") || text[start] == UInt8(ascii: ">")
        guard isBlock else { return start..<end }
        let depth = indentation(at: lineStart(name.lowerBound))
        var next = end
        while next < limit {
            let line = next + 1
            let lineLast = lineEnd(line, limit)
            guard lineLast == line || indentation(at: line) > depth else { break }
            next = lineLast
        }
        return start..<max(start, next)
    }

    /// Behind the bracket that closes the one at `start`; strings in between are not looked into.
    private func closing(of start: Int) -> Int {
        var depth = 0
        var position = start
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return position + 1 }
            case UInt8(ascii: "\""): position = quoted(at: position)?.upperBound ?? position
            default: break
            }
            position += 1
        }
        return text.count
    }

    private func skipBlanks(_ position: Int) -> Int {
        text[min(position, text.count)...].firstIndex { $0 != 0x20 && $0 != 0x09 } ?? text.count
    }

    private func wordEnd(_ position: Int) -> Int { text[position...].firstIndex { $0 <= 0x20 } ?? text.count }

    private func lineEnd(_ position: Int, _ limit: Int) -> Int {
        guard position < limit else { return limit }
        return text[position..<limit].firstIndex(of: 0x0A) ?? limit
    }

    private func lineStart(_ position: Int) -> Int {
        let first = max(0, position - Self.longestValue)
        return text[first..<position].lastIndex(of: 0x0A).map { $0 + 1 } ?? first
    }

    private func indentation(at line: Int) -> Int {
        text[min(line, text.count)...].prefix { $0 == 0x20 || $0 == 0x09 }.count
    }

    // MARK: Addresses and shapes

    /// `scheme://user:password@host`: the password. Where to go on.
    private mutating func address(_ start: Int) -> Int {
        let limit = min(text.count, start + Self.longestAddress)
        let end = text[start..<limit].firstIndex { $0 <= 0x20 || Self.isQuote($0) || $0 == 0x5C } ?? limit
        guard let at = text[start..<end].lastIndex(of: UInt8(ascii: "@")),
            let colon = text[start..<at].firstIndex(of: UInt8(ascii: ":")), colon + 1 < at
        else { return start }
        found.append(colon + 1..<at)
        return at
    }

    /// A passphrase as ``Passphrase`` makes them (six groups of five), or a code for the console (four of four).
    private static func isSecretShape(_ word: ArraySlice<UInt8>) -> Bool {
        let groups = word.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isAlphanumeric = word.allSatisfy { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: ".") }
        guard isAlphanumeric else { return false }
        return groups.count == 6 && groups.allSatisfy { $0.count == 5 }
            || groups.count == 4 && groups.allSatisfy { $0.count == 4 }
    }
}
