// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Registration
import StateFiles
import Testing

@Suite struct PrintableTests {
    private func decoded(_ json: String) throws -> String {
        let bytes = Printable.json(Array(json.utf8))
        return try JSON.decode([String].self, from: bytes).joined()
    }

    @Test(arguments: [
        (#"["plain"]"#, "plain"), (#"["\u001b[2J"]"#, "\u{FFFD}[2J"), (#"["a\nb\rc\td"]"#, "a b c d"),
        (#"["\u000a\u000A"]"#, "  "), (#"["\\u001b"]"#, #"\u001b"#), (#"["\\\u001b"]"#, "\\\u{FFFD}"),
        (#"["\"\\\/"]"#, #""\/"#), (#"["\b\f"]"#, "\u{FFFD}\u{FFFD}"), ("[\"\u{9B}2J\u{7F}\"]", "\u{FFFD}2J\u{FFFD}"),
        (#"["\u009b\u202e\u2028"]"#, "\u{FFFD}\u{FFFD}\u{FFFD}"), ("[\"\u{202E}x\u{2029}\"]", "\u{FFFD}x\u{FFFD}"),
        (#"["\ud83d\ude00 \u00e9é"]"#, "😀 éé"), ("[\n\t\"x\"\r\n]", "x"),
    ]) func `strings lose what a terminal would act on, and nothing else`(json: String, text: String) throws {
        #expect(try decoded(json) == text)
    }

    @Test(arguments: ["", "\\", "\"\\", #"["\u"#, #"["\u00"#, #"["\u00zz"]"#, "[\"\u{1}", "\u{1B}", "nope"])
    func `what is no JSON stays none`(json: String) {
        #expect(throws: (any Error).self) { try decoded(json) }
    }

    @Test func `any bytes are taken`() {
        for byte in UInt8.min ... .max {
            let text = String(decoding: Printable.json([byte, 0x5C, byte]), as: UTF8.self)
            #expect(text.unicodeScalars.allSatisfy(Printable.isPrintable), "\(byte)")
        }
    }

    @Test func `a text becomes one line`() {
        #expect(Printable.text("a\nb\u{1B}[31m\u{2028}c") == "a b\u{FFFD}[31m\u{FFFD}c")
    }
}
