// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Testing

/// Every state of the joiner, and every event in it.
@Suite struct EnrolmentJoinerTests {
    enum Stage: CaseIterable { case awaitingChallenge, derivingKey, awaitingAnswer, finished, failed }

    private let challenge = Enrolment.authority().challenge(random: Enrolment.random, now: Enrolment.now)
    private let wrongAnswer = EnrolmentAnswer(certificate: "CERT\n", authority: "CA\n", proof: HexBytes([1]))

    private func joiner(at stage: Stage) throws -> EnrolmentJoiner {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner()
        if stage == .awaitingChallenge { return joiner }
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        if stage == .failed {
            _ = joiner.derivedKey(Enrolment.key)
            return joiner
        }
        _ = joiner.receivedChallenge(challenge, certificateFingerprint: Enrolment.fingerprint)
        if stage == .derivingKey { return joiner }
        guard case .send(let request, _) = joiner.derivedKey(Enrolment.key) else { return joiner }
        if stage == .awaitingAnswer { return joiner }
        let answer = try authority.receivedRequest(request, now: Enrolment.now)
            .answer(certificate: "CERT\n", authority: "CA\n")
        _ = joiner.receivedAnswer(answer)
        return joiner
    }

    @Test(arguments: Stage.allCases) func `a challenge is taken once`(stage: Stage) throws {
        var joiner = try joiner(at: stage)
        let action = joiner.receivedChallenge(challenge, certificateFingerprint: Enrolment.fingerprint)
        if stage == .awaitingChallenge {
            #expect(action == .deriveKey(Enrolment.scrypt))
        } else {
            guard case .fail(let failure) = action else { return #expect(Bool(false), "\(action)") }
            #expect(failure.code == .outOfOrder)
        }
    }

    @Test(arguments: Stage.allCases) func `a key is taken after a challenge`(stage: Stage) throws {
        var joiner = try joiner(at: stage)
        switch joiner.derivedKey(Enrolment.key) {
        case .send(let request, let fingerprint):
            #expect(stage == .derivingKey)
            #expect(fingerprint == Enrolment.fingerprint)
            #expect(request.identity == Enrolment.identity())
            #expect(request.proof.bytes.count == 32)
        case .fail(let failure):
            #expect(stage != .derivingKey)
            #expect(failure.code == .outOfOrder)
        }
    }

    @Test(arguments: Stage.allCases) func `an answer is taken after a request`(stage: Stage) throws {
        var joiner = try joiner(at: stage)
        guard case .fail(let failure) = joiner.receivedAnswer(wrongAnswer) else {
            return #expect(Bool(false), "a wrong proof was believed")
        }
        #expect(failure.code == (stage == .awaitingAnswer ? .serverNotProven : .outOfOrder))
    }

    @Test func `after a failure nothing is believed any more`() throws {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner()
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        let answer = try authority.receivedRequest(request, now: Enrolment.now)
            .answer(certificate: "CERT\n", authority: "CA\n")
        _ = joiner.receivedAnswer(wrongAnswer)
        guard case .fail(let failure) = joiner.receivedAnswer(answer) else {
            return #expect(Bool(false), "it was believed")
        }
        #expect(failure.code == .outOfOrder)
    }

    @Test(arguments: [("OTHER\n", "CA\n"), ("CERT\n", "OTHER\n"), ("CERT\nCA\n", ""), ("CERT", "\nCA\n")])
    func `an answer with other certificates is not believed`(certificate: String, authorityPEM: String) throws {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner()
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        var answer = try authority.receivedRequest(request, now: Enrolment.now)
            .answer(certificate: "CERT\n", authority: "CA\n")
        (answer.certificate, answer.authority) = (certificate, authorityPEM)
        guard case .fail(let failure) = joiner.receivedAnswer(answer) else {
            return #expect(Bool(false), "it was believed")
        }
        #expect(failure.code == .serverNotProven)
    }

    @Test func `the joiner's own proof is not one of the server`() throws {
        var authority = Enrolment.authority()
        var joiner = Enrolment.joiner()
        let challenge = authority.challenge(random: Enrolment.random, now: Enrolment.now)
        let request = try Enrolment.request(for: challenge, from: &joiner)
        _ = try authority.receivedRequest(request, now: Enrolment.now)
        let answer = EnrolmentAnswer(certificate: "", authority: "", proof: request.proof)
        guard case .fail(let failure) = joiner.receivedAnswer(answer) else {
            return #expect(Bool(false), "it was believed")
        }
        #expect(failure.code == .serverNotProven)
    }

    @Test func `a server with another certificate than the pinned one gets nothing`() {
        var joiner = Enrolment.joiner(pinned: Enrolment.otherFingerprint)
        let action = joiner.receivedChallenge(challenge, certificateFingerprint: Enrolment.fingerprint)
        guard case .fail(let failure) = action else { return #expect(Bool(false), "\(action)") }
        #expect(failure.code == .fingerprintMismatch)
        #expect(failure.message.contains("c0c0"))
    }

    @Test func `another protocol and a short nonce are refused`() {
        var challenge = challenge
        challenge.protocol = "master-target enrolment v2"
        var joiner = Enrolment.joiner()
        guard case .fail(let failure) = joiner.receivedChallenge(challenge, certificateFingerprint: []) else {
            return #expect(Bool(false), "it went on")
        }
        #expect(failure.code == .unsupportedVersion)
        challenge = self.challenge
        challenge.serverNonce = HexBytes([1])
        var second = Enrolment.joiner()
        guard case .fail(let other) = second.receivedChallenge(challenge, certificateFingerprint: []) else {
            return #expect(Bool(false), "it went on")
        }
        #expect(other.code == .invalidRequest)
    }

    static let hostile: [ScryptParameters] = [
        .init(cost: 2, blockSize: 8, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 13, blockSize: 8, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: (1 << 14) + 1, blockSize: 8, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 20, blockSize: 8, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 18, blockSize: 32, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 24, blockSize: 32, parallelism: 16, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 62, blockSize: 1, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: .max, blockSize: .max, parallelism: .max, salt: Enrolment.scrypt.salt),
        .init(cost: .min, blockSize: .min, parallelism: .min, salt: Enrolment.scrypt.salt),
        .init(cost: 0, blockSize: 8, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: -(1 << 14), blockSize: 8, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 14, blockSize: 0, parallelism: 1, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 14, blockSize: 8, parallelism: 0, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 14, blockSize: 8, parallelism: 1 << 30, salt: Enrolment.scrypt.salt),
        .init(cost: 1 << 14, blockSize: 8, parallelism: 1, salt: HexBytes([])),
        .init(cost: 1 << 14, blockSize: 8, parallelism: 1, salt: HexBytes(Array(repeating: 0, count: 64))),
    ]

    @Test(arguments: hostile)
    func `parameters that are weak or take too much are refused before they cost anything`(
        parameters: ScryptParameters
    ) throws {
        var challenge = challenge
        challenge.scrypt = parameters
        var joiner = Enrolment.joiner()
        guard case .fail(let failure) = joiner.receivedChallenge(challenge, certificateFingerprint: []) else {
            return #expect(Bool(false), "it went on")
        }
        #expect(failure.code == .unsafeParameters)
        let passphrase = try Passphrase("correct-horse-battery-staple")
        #expect(throws: ConfigurationFailure.self) { try parameters.key(for: passphrase) }
    }
}
