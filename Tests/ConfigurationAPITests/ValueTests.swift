// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import FoundationEssentials
import Testing

@Suite struct ValueTests {
    @Test(arguments: [("", 0), ("00", 1), ("0aFf", 2), ("0a:ff", 2), (String(repeating: "ab", count: 64), 64)])
    func `octets are read from hexadecimal digits`(text: String, count: Int) {
        #expect(HexBytes(text)?.bytes.count == count)
    }

    @Test(arguments: ["0", "0g", "a:bb", ":aa", " aa", "0x00", String(repeating: "ab", count: 65), "é"])
    func `what is no hexadecimal is refused`(text: String) {
        #expect(HexBytes(text) == nil)
    }

    @Test(arguments: [
        "", " \n", "short", "nineteen-characters", String(repeating: "a", count: 1025), "with a\nnewline-in-the-middle",
    ])
    func `a weak passphrase is refused`(text: String) {
        #expect(throws: ConfigurationFailure.self) { try Passphrase(text) }
    }

    @Test func `a passphrase is taken without the newline of its file, and is not printed`() throws {
        let passphrase = try Passphrase(" twenty characters ok \n")
        #expect(passphrase.text == "twenty characters ok")
        #expect("\(passphrase)" == "(passphrase)")
        #expect(String(reflecting: passphrase) == "(passphrase)")
    }

    @Test func `a generated passphrase can be typed in again`() throws {
        let passphrase = Passphrase(random: (0..<30).map { UInt8($0 * 8) })
        #expect(passphrase.text == "ajs2a-js2aj-s2ajs-2ajs2-ajs2a-js2aj")
        #expect(try Passphrase(passphrase.text) == passphrase)
    }

    @Test func `a field that is not known is ignored`() throws {
        let json = #"{"certificateRequest":"x","machine":{"machineID":"00","since":1},"colour":"blue"}"#
        let request = try JSONDecoder().decode(RenewalRequest.self, from: Data(json.utf8))
        #expect(request.certificateRequest == "x")
    }

    @Test(
        arguments: [
            ("aa", nil, "aa", nil, true), ("aa", "01", "aa", "01", true), ("aa", "01", "aa", nil, true),
            ("aa", "01", "aa", "02", false), ("aa", "01", "bb", "01", false), ("aa", nil, "bb", nil, false),
        ] as [(String, String?, String, String?, Bool)])
    func `a machine is the same when nothing that both tell differs`(
        machine: String, product: String?, otherMachine: String, otherProduct: String?, isSame: Bool
    ) throws {
        let one = MachineFingerprint(
            machineID: try #require(HexBytes(machine)), productUUID: product.flatMap { HexBytes($0) })
        let other = MachineFingerprint(
            machineID: try #require(HexBytes(otherMachine)), productUUID: otherProduct.flatMap { HexBytes($0) })
        #expect(one.isSameMachine(as: other) == isSame)
        #expect(other.isSameMachine(as: one) == isSame)
    }
}
