// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A multipath configuration: a file of it, or all of it as multipathd has it in force.
///
/// Source: multipath.conf(5), "SYNTAX": a section is a name and a brace, an entry a keyword and a value, one on a line;
/// `#` and `!` at the start of a line begin a comment.
public struct MultipathConfiguration: Hashable, Sendable {
    /// The longest text that is read, in bytes.
    public static let longest = 4 << 20
    /// What stands for a file in what multipathd itself prints.
    static let inForce = "the configuration in force"
    /// How deep sections are nested at most: `blacklist { device {`, `overrides { protocol {`.
    static let deepest = 4

    /// A keyword and its value, and where it stands.
    public struct Entry: Hashable, Sendable {
        /// The keyword.
        public let key: String
        /// The value without quotes; empty when it has none.
        public let value: String
        /// The file.
        public let file: String
        /// The line, from 1.
        public let line: Int
    }

    /// A section with its entries and the sections in it, in order.
    public struct Section: Hashable, Sendable {
        /// `defaults`, `blacklist`, `device`.
        public let name: String
        /// Its own entries.
        public internal(set) var entries: [Entry] = []
        /// The sections in it.
        public internal(set) var sections: [Section] = []

        /// The value of a keyword: the last one counts.
        public func value(_ key: String) -> Entry? { entries.last { $0.key == key } }
    }

    /// The sections on the top level, in the order of the files and of the lines in them.
    public private(set) var sections: [Section] = []

    /// Nothing configured.
    public init() {}

    /// Reads a file's text.
    ///
    /// - Parameter name: What errors and findings call it.
    /// - Throws: ``MultipathError`` with `.malformedConfiguration`.
    public init(parsing text: String, name: String) throws(MultipathError) {
        guard text.utf8.count <= Self.longest else {
            throw MultipathError(
                .malformedConfiguration, object: name, detail: "it has more than \(Self.longest) bytes")
        }
        var open: [Section] = []
        var number = 0
        // Characters: a line may end with CR and LF, which is one of them.
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let words = try Self.words(of: line, name: name, number: number)
            guard let first = words.first else { continue }
            if first == "}" {
                guard let closed = open.popLast() else {
                    throw Self.malformed(name, number, "a brace closes nothing")
                }
                if open.isEmpty {
                    sections.append(closed)
                } else {
                    open[open.count - 1].sections.append(closed)
                }
            } else if words.count > 1, words[1] == "{" {
                guard open.count < Self.deepest else { throw Self.malformed(name, number, "it is nested too deep") }
                open.append(Section(name: first))
            } else if open.isEmpty {
                throw Self.malformed(name, number, "'\(first)' stands in no section")
            } else {
                open[open.count - 1].entries.append(
                    Entry(key: first, value: words.count > 1 ? words[1] : "", file: name, line: number))
            }
        }
        guard open.isEmpty else {
            throw Self.malformed(name, number, "section '\(open[open.count - 1].name)' is not closed")
        }
    }

    /// The files together, in the order in which multipathd reads them: later ones win.
    public init(merging files: [MultipathConfiguration]) { sections = files.flatMap(\.sections) }

    /// All sections of a name.
    public func sections(_ name: String) -> [Section] { sections.filter { $0.name == name } }

    /// What holds for a disk: `overrides` before a matching `device` of `devices` before `defaults`.
    public func effective(_ key: String, vendor: String = "", product: String = "") -> Entry? {
        if let entry = sections("overrides").last(where: { $0.value(key) != nil })?.value(key) { return entry }
        let devices = sections("devices").flatMap(\.sections)
        let match = devices.last { device in
            device.value(key) != nil && Pattern(device.value("vendor")?.value ?? "").matches(vendor) == true
                && Pattern(device.value("product")?.value ?? "").matches(product) == true
        }
        if let entry = match?.value(key) { return entry }
        return sections("defaults").last { $0.value(key) != nil }?.value(key)
    }

    private static func malformed(_ name: String, _ line: Int, _ what: String) -> MultipathError {
        MultipathError(.malformedConfiguration, object: name, detail: "line \(line): \(what)")
    }

    /// The words of a line: braces stand for themselves, quotes hold blanks, a doubled quote within quotes is one.
    private static func words(of line: Substring, name: String, number: Int) throws(MultipathError) -> [String] {
        var words: [String] = []
        var rest = line.drop(while: \.isWhitespace)
        guard rest.first != "#", rest.first != "!" else { return [] }
        while let first = rest.first {
            if first == "#" || first == "!" { break }
            if first == "{" || first == "}" {
                words.append(String(first))
                rest = rest.dropFirst()
            } else if first == "\"" {
                var word = ""
                rest = rest.dropFirst()
                while true {
                    let part = rest.prefix { $0 != "\"" }
                    word += part
                    rest = rest.dropFirst(part.count)
                    guard !rest.isEmpty else { throw malformed(name, number, "a quote is not closed") }
                    rest = rest.dropFirst()
                    guard rest.first == "\"" else { break }
                    word.append("\"")
                    rest = rest.dropFirst()
                }
                words.append(word)
            } else {
                let word = rest.prefix { !$0.isWhitespace && $0 != "{" && $0 != "}" && $0 != "\"" }
                words.append(String(word))
                rest = rest.dropFirst(word.count)
            }
            rest = rest.drop(while: \.isWhitespace)
        }
        return words
    }
}

/// A pattern of a configuration: a POSIX extended regular expression found anywhere, or with `!` before it nowhere.
struct Pattern {
    let text: String

    init(_ text: String) { self.text = text }

    /// Whether it matches; nil when the pattern cannot be understood. An empty pattern matches everything.
    func matches(_ subject: String) -> Bool? {
        let isInverted = text.hasPrefix("!")
        let body = isInverted ? String(text.dropFirst()) : text
        // A star alone repeats nothing, and multipathd takes it for everything.
        if body.isEmpty || body == "*" { return !isInverted }
        guard let expression = try? Regex(body) else { return nil }  // nil tells the caller all there is to know
        let isFound = (try? expression.firstMatch(in: subject)) != nil  // a match that cannot be made is none
        return isFound != isInverted
    }
}
