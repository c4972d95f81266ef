// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What enrols a server, once. Never printed by accident: its description does not hold it.
public struct Passphrase: Hashable, Sendable {
    /// The fewest characters that one may have.
    public static let leastCharacters = 20
    /// The most octets that one may have.
    public static let mostBytes = 1024
    /// Characters of a generated one: 30 × 5 bits.
    public static let generatedCharacters = 30

    /// The characters, without the newline of the file they came from.
    public let text: String

    /// Takes what a file or a prompt gave, without blanks around it.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.invalidRequest` when it is empty, short, long, or has characters
    ///   that cannot be seen.
    public init(_ text: String) throws(ConfigurationFailure) {
        let blanks: Set<Character> = [" ", "\t", "\n", "\r", "\r\n"]
        let text = String(text.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed())
        let remedy = "Use the passphrase that mt-configuration-server init or passphrase rotate printed."
        guard !text.isEmpty else {
            throw ConfigurationFailure(.invalidRequest, "The passphrase is empty.", remedy: remedy)
        }
        guard text.count >= Self.leastCharacters else {
            throw ConfigurationFailure(
                .invalidRequest,
                "The passphrase has \(text.count) characters; it must have at least \(Self.leastCharacters).",
                remedy: remedy)
        }
        guard text.utf8.count <= Self.mostBytes, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ConfigurationFailure(
                .invalidRequest, "The passphrase is longer than one line of \(Self.mostBytes) octets.", remedy: remedy)
        }
        self.text = text
    }

    /// A new one, in groups of five that can be read out: 32 letters and digits without 0, 1, i and o.
    ///
    /// - Parameter random: At least ``generatedCharacters`` octets from the system's generator.
    public init(random: [UInt8]) {
        precondition(random.count >= Self.generatedCharacters, "a passphrase needs as many octets as characters")
        let alphabet = Array("abcdefghjklmnpqrstuvwxyz23456789")
        var text = ""
        for index in 0..<Self.generatedCharacters {
            if index > 0, index.isMultiple(of: 5) { text += "-" }
            // 32 divides 256: every character is equally likely.
            text.append(alphabet[Int(random[index]) % alphabet.count])
        }
        self.text = text
    }
}

extension Passphrase: CustomStringConvertible, CustomDebugStringConvertible {
    /// Not the passphrase.
    public var description: String { "(passphrase)" }
    /// Not the passphrase.
    public var debugDescription: String { description }
}
