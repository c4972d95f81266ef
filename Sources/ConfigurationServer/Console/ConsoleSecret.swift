// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Crypto
import StoragePrimitives

/// Secrets of the console: codes that people type and tokens that browsers keep. Only their SHA-256 is stored; both have
/// so many random bits that nothing slower is needed.
package enum ConsoleSecret {
    /// 80 bits as `ABCD-EFGH-JKMN-PQRS`.
    static func code() -> String {
        let characters = Randomness.bytes(16).map { alphabet[Int($0 & 31)] }
        return stride(from: 0, to: 16, by: 4).map { String(characters[$0..<$0 + 4]) }.joined(separator: "-")
    }

    /// A code as it was given, whatever people make of it: small letters, spaces, O for 0, I and L for 1. Nil for what
    /// cannot be a code.
    ///
    /// Source: D. Crockford, "Base 32".
    package static func normalized(_ typed: String) -> String? {
        guard typed.utf8.count <= 64 else { return nil }
        var code = ""
        for character in typed.uppercased() where character != "-" && !character.isWhitespace {
            let meant: Character = character == "O" ? "0" : character == "I" || character == "L" ? "1" : character
            guard alphabet.contains(meant) else { return nil }
            code.append(meant)
        }
        return code.count == 16 ? code : nil
    }

    /// 256 bits in hexadecimal.
    static func token() -> String { hexadecimal(Randomness.bytes(32)) }

    /// What is stored of a code or a token.
    static func digest(_ secret: String) -> String { hexadecimal(SHA256.hash(data: Array(secret.utf8))) }

    /// What every form of a session carries: nobody can tell it who does not have the session's token.
    static func formToken(of token: String) -> String { hexadecimal(seal(token)) }

    /// Whether a form carries its session's token; compared in constant time.
    static func isFormToken(_ text: String?, of token: String) -> Bool {
        guard let text, let given = HexBytes(text) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            given.bytes, authenticating: formPurpose, using: SymmetricKey(data: Array(token.utf8)))
    }

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    private static let formPurpose = Array("master-target console form".utf8)

    private static func seal(_ token: String) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: formPurpose, using: SymmetricKey(data: Array(token.utf8)))
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
