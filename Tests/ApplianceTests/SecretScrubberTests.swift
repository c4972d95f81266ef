// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import StateFiles
import Testing
import mtctl

@Suite struct SecretScrubberTests {
    private static let mark = SecretScrubber.mark
    private static let body = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPLANTED0KEY0BYTES0"

    private func scrub(_ text: String, secrets: [String] = []) -> String {
        String(decoding: SecretScrubber(secrets: secrets).scrub(Array(text.utf8)).text, as: UTF8.self)
    }

    @Test(arguments: [
        ("password: s3cret-word", "password: [removed]"),
        ("password: 's3cret word' # why", "password: '[removed]' # why"),
        ("  passphrase: a b c d\nport: 1", "  passphrase: [removed]\nport: 1"),
        ("secret: |\n  one\n  two\n\n  three\nport: 1", "secret: [removed]\nport: 1"),
        ("password:\n  - one\n  - two\nport: 1", "password:[removed]\nport: 1"),
        (#"{"password":"a\"b","port":1}"#, #"{"password":"[removed]","port":1}"#),
        (#"{"token" : "x", "a":{"apiKey":"y"}}"#, #"{"token" : "[removed]", "a":{"apiKey":"[removed]"}}"#),
        (#"{"secrets":{"old":["a","}"],"new":1},"port":1}"#, #"{"secrets":[removed],"port":1}"#),
        (#"{"token":null,"sessionToken":12345}"#, #"{"token":null,"sessionToken":[removed]}"#),
        (#"msg "{\"password\":\"abc\",\"port\":1}""#, #"msg "{\"password\":\"[removed]\",\"port\":1}""#),
        ("Environment=PGPASSWORD=abc def", "Environment=PGPASSWORD=[removed]"),
        ("Environment=\"PGPASSWORD=abc def\" \"X=1\"", "Environment=\"PGPASSWORD=[removed]"),
        ("SetCredential=key:abc\\\n  def\nUser=root", "SetCredential=[removed]\nUser=root"),
        ("ExecStart=/usr/bin/x --passphrase abc --port 1", "ExecStart=/usr/bin/x --passphrase [removed] --port 1"),
        ("x --token 'a b' --port 1", "x --token '[removed]' --port 1"),
        ("x --token=abc", "x --token=[removed]"),
        ("Authorization: Bearer abc.def", "Authorization: [removed]"),
        ("Cookie: __Host-master-target-console=abc; x=y", "Cookie: [removed]"),
        (
            "database: postgresql://mt:pa:ss@db/x?sslmode=require",
            "database: postgresql://mt:[removed]@db/x?sslmode=require"
        ),
        ("postgresql://mt:pa/ss@db/x", "postgresql://mt:[removed]@db/x"),
        ("the passphrase is abcde-fghjk-mnpqr-stuvw-xyz23-45678.", "the passphrase is [removed]."),
        ("sign in with ABCD-EFGH-JKMN-PQRS now", "sign in with [removed] now"),
    ]) func `what stands behind a name that says so is taken out`(text: String, clean: String) {
        #expect(scrub(text) == clean)
    }

    @Test(arguments: [
        "replication:\n  key: /etc/master-target/server.key\n  port: 9443", #"{"fencingToken":7,"fencing_token":8}"#,
        "passphraseFile: /etc/x", "PGPASSFILE=/etc/pgpass", "--passphrase-file /etc/x", "https://host:443/path?x=1",
        "LoadCredential=server.key:/etc/master-target/server.key", "0f8fad5b-d9cb-469f-a165-70867728950e",
        "36000c29abcdef", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "ssh://git@host/x",
        "the token of this group", "10.0.0.1-10.0.0.9", "",
    ]) func `what is no secret stays as it is`(text: String) {
        #expect(scrub(text) == text)
        #expect(SecretScrubber().scrub(Array(text.utf8)).removed == 0)
    }

    @Test(arguments: [
        "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY",
    ])
    func `private keys go, whole, cut at either end, and in a line of JSON`(label: String) {
        let (begin, end) = ("-----BEGIN \(label)-----", "-----END \(label)-----")
        let pem = "\(begin)\n\(Self.body)\n\(Self.body)\n\(end)\n"
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIBpublic\n-----END CERTIFICATE-----\n"
        #expect(scrub(certificate + pem + certificate) == certificate + Self.mark + "\n" + certificate)
        #expect(scrub("a\n\(begin)\n\(Self.body)\n") == "a\n\(Self.mark)")
        #expect(scrub("\(Self.body)\n\(end)\nb") == "\(Self.mark)\nb")
        let line = #"{"key":""# + pem.replacingOccurrences(of: "\n", with: "\\n") + #"","port":1}"#
        #expect(scrub(line) == #"{"key":"[removed]\n","port":1}"#)
        #expect(scrub(pem + "x\n" + pem) == "\(Self.mark)\nx\n\(Self.mark)\n")
    }

    @Test func `a begin without an end takes no more with it than a key has`() {
        let tail = String(repeating: "line of a journal\n", count: 10_000)
        let clean = scrub("-----BEGIN PRIVATE KEY-----\n\(Self.body)\n" + tail)
        #expect(!clean.contains(Self.body))
        #expect(clean.utf8.count > tail.utf8.count - (17 << 10))
    }

    @Test func `known secrets go wherever they stand, line by line`() {
        let pem =
            "-----BEGIN PRIVATE KEY-----\n\(Self.body)\nsecondLineOfThatKey0123456789\n-----END PRIVATE KEY-----\n"
        let secrets = SecretScrubber.lines(ofKey: pem)
        #expect(secrets == [Self.body, "secondLineOfThatKey0123456789"])
        #expect(
            scrub("x\(Self.body)y secondLineOfThatKey0123456789", secrets: secrets) == "x\(Self.mark)y \(Self.mark)")
        #expect(scrub("short", secrets: ["short"]) == "short")
    }

    @Test func `nothing of it is slow, or ends the program, whatever the bytes`() {
        var generator = SystemRandomNumberGenerator()
        let words = [
            "password", ":", "=", "\"", "'", "\\", "{", "[", "}", "]", "\n", " ", "-----BEGIN PRIVATE KEY-----", "://",
            "@",
            "-----END PRIVATE KEY-----", "--token", "|", "a", "\u{FF}", "SetCredential",
        ].map { Array($0.utf8) }
        for _ in 0..<500 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0...60, using: &generator) {
                text += words.randomElement(using: &generator) ?? []
            }
            let once = SecretScrubber(secrets: ["passwordpassword"]).scrub(text)
            #expect(!String(decoding: once.text, as: UTF8.self).contains("BEGIN PRIVATE KEY"))
        }
        let began = ContinuousClock.now
        let long = Array(String(repeating: "password=\"\\ {[ a:b@c ://x:y ", count: 100_000).utf8)
        _ = SecretScrubber().scrub(long)
        #expect(ContinuousClock.now - began < .seconds(20))
    }

    @Test func `JSON stays JSON, as far as values are strings`() throws {
        struct Sample: Codable, Equatable {
            var name: String
            var password: String
            var port: Int
        }
        let json = try JSON.encode(Sample(name: "x", password: "a \"b\" \\ c\n", port: 9))
        let clean = try JSON.decode(Sample.self, from: SecretScrubber().scrub(json).text)
        #expect(clean == Sample(name: "x", password: Self.mark, port: 9))
    }
}
