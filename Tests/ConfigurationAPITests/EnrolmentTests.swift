// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives
import Testing

@Suite struct EnrolmentTests {
    @Test(arguments: [HostRole.masterTarget, .processServer])
    func `who knows the passphrase gets a certificate and learns whom to trust`(role: HostRole) throws {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner(role: role, pinned: Enrolment.fingerprint)
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        let proven = try authority.receivedRequest(request, now: Enrolment.now)
        #expect(proven.identity == Enrolment.identity(role: role))
        #expect(proven.certificateRequest == Enrolment.certificateRequest)
        let answer = proven.answer(certificate: "CERT\n", authority: "CA\n")
        #expect(joiner.receivedAnswer(answer) == .trust(certificate: "CERT\n", authority: "CA\n"))
    }

    /// A wrong input, and what it is refused with.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: ConfigurationFailure.Code
        var key = Enrolment.key
        var seen = Enrolment.fingerprint
        var later: Int64 = 0
        var change: @Sendable (inout EnrolmentRequest) -> Void = { _ in }
    }

    static let wrong = [
        Wrong(testDescription: "wrong passphrase", code: .proofInvalid, key: Enrolment.otherKey),
        Wrong(
            testDescription: "other certificate", code: .proofInvalid, seen: Enrolment.otherFingerprint),
        Wrong(testDescription: "expired", code: .challengeExpired, later: 120),
        Wrong(testDescription: "other role", code: .proofInvalid) { $0.identity.role = .processServer },
        Wrong(testDescription: "other host", code: .proofInvalid) {
            $0.identity.hostID = "0f8fad5b-d9cb-469f-a165-70867728950f"
        },
        Wrong(testDescription: "other certificate request", code: .proofInvalid) { $0.certificateRequest += "\n" },
        Wrong(testDescription: "swapped nonces", code: .invalidRequest) {
            ($0.serverNonce, $0.joinerNonce) = ($0.joinerNonce, $0.serverNonce)
        },
        Wrong(testDescription: "another joiner's nonce", code: .proofInvalid) {
            $0.joinerNonce = HexBytes(Array(repeating: 0, count: 32))
        },
        Wrong(testDescription: "a nonce of nobody", code: .challengeExpired) {
            $0.serverNonce = HexBytes(Array(repeating: 0, count: 56))
        },
        Wrong(testDescription: "a nonce with a later expiry", code: .challengeExpired) {
            var bytes = $0.serverNonce.bytes
            bytes[20] ^= 1
            $0.serverNonce = HexBytes(bytes)
        },
        Wrong(testDescription: "truncated nonce", code: .challengeExpired) {
            $0.serverNonce = HexBytes(Array($0.serverNonce.bytes.dropLast()))
        },
        Wrong(testDescription: "truncated HMAC", code: .proofInvalid) {
            $0.proof = HexBytes(Array($0.proof.bytes.dropLast()))
        },
        Wrong(testDescription: "no HMAC", code: .proofInvalid) { $0.proof = HexBytes([]) },
        Wrong(testDescription: "longer HMAC", code: .proofInvalid) { $0.proof = HexBytes($0.proof.bytes + [0]) },
        Wrong(testDescription: "one bit", code: .proofInvalid) {
            var bytes = $0.proof.bytes
            bytes[31] ^= 1
            $0.proof = HexBytes(bytes)
        },
        Wrong(testDescription: "other protocol", code: .unsupportedVersion) { $0.protocol += "2" },
        Wrong(testDescription: "short joiner's nonce", code: .invalidRequest) { $0.joinerNonce = HexBytes([1]) },
        Wrong(testDescription: "long certificate request", code: .invalidRequest) {
            $0.certificateRequest = String(repeating: "A", count: EnrolmentRequest.maximumRequestBytes + 1)
        },
        Wrong(testDescription: "SQL for a name", code: .invalidRequest) {
            $0.identity.hostName = "x'; DROP TABLE server; --"
        },
        Wrong(testDescription: "HTML for a name", code: .invalidRequest) { $0.identity.hostName = "<script>" },
        Wrong(testDescription: "a path for a host id", code: .invalidRequest) { $0.identity.hostID = "../../etc" },
        Wrong(testDescription: "a short machine id", code: .invalidRequest) {
            $0.identity.machine.machineID = HexBytes([1])
        },
    ]

    @Test(arguments: wrong) func `a wrong input is refused`(wrong: Wrong) throws {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner()
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        var request = try Enrolment.request(for: challenge, from: &joiner, key: wrong.key, seen: wrong.seen)
        wrong.change(&request)
        let now = Enrolment.now.advanced(byNanoseconds: wrong.later * 1_000_000_000)
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try authority.receivedRequest(request, now: now)
        }
        #expect(failure?.code == wrong.code)
    }

    @Test func `a transcript is good once`() throws {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner()
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        _ = try authority.receivedRequest(request, now: Enrolment.now)
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try authority.receivedRequest(request, now: Enrolment.now)
        }
        #expect(failure?.code == .challengeSpent)
    }

    @Test func `a nonce is used up by a wrong proof too`() throws {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner()
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        var wrong = request
        wrong.proof = HexBytes([])
        #expect(throws: ConfigurationFailure.self) { _ = try authority.receivedRequest(wrong, now: Enrolment.now) }
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try authority.receivedRequest(request, now: Enrolment.now)
        }
        #expect(failure?.code == .challengeSpent)
    }

    @Test func `a challenge of before a restart is not of this server`() throws {
        let before = Enrolment.authority()
        var after = Enrolment.authority()
        var joiner = Enrolment.joiner()
        let challenge = before.challenge(random: Enrolment.random, now: Enrolment.now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try after.receivedRequest(request, now: Enrolment.now)
        }
        #expect(failure?.code == .challengeExpired)
    }

    @Test(arguments: [HostRole.operator, .nbdClient, .configurationServer])
    func `the passphrase does not make operators`(role: HostRole) throws {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner(role: role)
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try authority.receivedRequest(request, now: Enrolment.now)
        }
        #expect(failure?.code == .notPermitted)
    }

    @Test(arguments: [(-1, true), (0, false), (1, false)])
    func `an old passphrase is good until its overlap ends`(second: Int64, isGood: Bool) throws {
        var authority = EnrolmentAuthority(
            certificateFingerprint: Enrolment.fingerprint, scrypt: Enrolment.scrypt,
            accepted: [
                .init(passphraseKey: Enrolment.otherKey, until: nil),
                .init(passphraseKey: Enrolment.key, until: Enrolment.now),
            ])
        let now = Enrolment.now.advanced(byNanoseconds: second * 1_000_000_000)
        var joiner = Enrolment.joiner()
        let challenge = authority.challenge(random: Enrolment.random, now: now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        let accepted = try? authority.receivedRequest(request, now: now)
        #expect((accepted != nil) == isGood)
    }

    @Test func `what is remembered of used nonces is bounded, and forgotten when they expire`() throws {
        var authority = Enrolment.authority()
        func attempt(_ number: Int, at now: Timestamp) throws(ConfigurationFailure) {
            let random = Array(repeating: UInt8(0), count: 12) + (0..<4).map { UInt8(number >> ($0 * 8) & 0xFF) }
            let challenge = authority.challenge(random: random, now: now)
            _ = try authority.receivedRequest(
                EnrolmentRequest(
                    protocol: challenge.protocol, serverNonce: challenge.serverNonce,
                    joinerNonce: HexBytes(Enrolment.joinerNonce), identity: Enrolment.identity(),
                    certificateRequest: "", proof: HexBytes([])), now: now)
        }
        for number in 0..<EnrolmentAuthority.maximumSpent {
            let failure = #expect(throws: ConfigurationFailure.self) { try attempt(number, at: Enrolment.now) }
            #expect(failure?.code == .proofInvalid)
        }
        let failure = #expect(throws: ConfigurationFailure.self) { try attempt(-1, at: Enrolment.now) }
        #expect(failure?.code == .tooManyRequests)
        let later = Enrolment.now.advanced(byNanoseconds: EnrolmentAuthority.challengeLifetime)
        let again = #expect(throws: ConfigurationFailure.self) { try attempt(-1, at: later) }
        #expect(again?.code == .proofInvalid)
    }
}
