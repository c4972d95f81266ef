// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import Foundation
import Registration
import StoragePrimitives
import Testing

@Suite struct AttemptLimiterTests {
    private let now = Timestamp.seconds(1_795_228_454)

    @Test func `a burst, and then one an interval`() {
        var limiter = AttemptLimiter(each: .init(burst: 3, every: 10), total: .init(burst: 100, every: 1))
        func attempts(_ count: Int, from address: String = "192.0.2.1", after seconds: Int64) -> [Bool] {
            let now = now.advanced(byNanoseconds: seconds * 1_000_000_000)
            return (0..<count).map { _ in limiter.attempt(from: address, now: now) }
        }
        #expect(attempts(5, after: 0) == [true, true, true, false, false])
        #expect(attempts(1, from: "192.0.2.2", after: 0) == [true])
        #expect(attempts(2, after: 10) == [true, false])
        #expect(attempts(4, after: 3600) == [true, true, true, false])
    }

    @Test func `the total holds whatever the addresses are`() {
        var limiter = AttemptLimiter(each: .init(burst: 3, every: 10), total: .init(burst: 5, every: 1))
        let allowed = (0..<20).filter { limiter.attempt(from: "192.0.2.\($0)", now: now) }
        #expect(allowed.count == 5)
    }

    @Test func `who succeeds gets the attempt back`() {
        var limiter = AttemptLimiter(each: .init(burst: 1, every: 10), total: .init(burst: 1, every: 10))
        for _ in 0..<10 {
            let isAllowed = limiter.attempt(from: "192.0.2.1", now: now)
            #expect(isAllowed)
            limiter.succeeded(from: "192.0.2.1")
        }
    }

    @Test(arguments: [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::1", false), ("2001:db8:1:2::1", "2001:db8:1:3::1", true),
        ("::1", "::2", false), ("192.0.2.1", "192.0.2.2", true),
    ])
    func `an IPv6 network of 64 bits counts as one`(one: String, other: String, isAllowed: Bool) {
        var limiter = AttemptLimiter(each: .init(burst: 1, every: 10), total: .init(burst: 100, every: 1))
        let outcomes = [one, other].map { limiter.attempt(from: $0, now: now) }
        #expect(outcomes == [true, isAllowed])
    }

    @Test func `what is remembered is bounded, and a clock that goes back does not trap`() {
        var limiter = AttemptLimiter(each: .init(burst: 1, every: 1000), total: .init(burst: 100_000, every: 0.001))
        let first = (0..<AttemptLimiter.maximumAddresses).map { limiter.attempt(from: "a\($0)", now: now) }
        #expect(!first.contains(false))
        let stranger = limiter.attempt(from: "stranger", now: now)
        let early = limiter.attempt(from: "a1", now: Timestamp(rawValue: .min))
        let later = limiter.attempt(from: "stranger", now: now.advanced(byNanoseconds: 1_000_000_000_000))
        #expect([stranger, early, later] == [false, false, true])
    }
}

@Suite struct RetryScheduleTests {
    @Test func `pauses double up to five minutes, less by chance, and end with a success`() {
        var schedule = RetrySchedule(intervalSeconds: 10)
        #expect(schedule.pause(chance: 0) == 9)
        var longest: [Double] = []
        for _ in 0..<7 {
            schedule.failed()
            longest.append(schedule.pause(chance: 1))
            #expect(schedule.pause(chance: 0) == schedule.pause(chance: 1) / 2)
        }
        #expect(longest == [20, 40, 80, 160, 300, 300, 300])
        for _ in 0..<100 { schedule.failed() }
        #expect(schedule.pause(chance: 1) == 300)
        schedule.succeeded(nextSeconds: 5)
        #expect(schedule.pause(chance: 1) == 5)
        schedule.refused()
        #expect(schedule.pause(chance: 1) == 300)
    }

    @Test(arguments: [(UInt64(0), 1.0), (.max, 300), (30, 30)])
    func `what a server wants is believed within bounds`(wanted: UInt64, longest: Double) {
        var schedule = RetrySchedule()
        schedule.succeeded(nextSeconds: wanted)
        #expect(schedule.pause(chance: 1) == longest)
    }
}

@Suite struct ServerEndpointTests {
    @Test(arguments: [
        ("site.example", "site.example", 443), ("site.example:8443", "site.example", 8443),
        ("192.0.2.1:443", "192.0.2.1", 443), ("[2001:db8::1]:8443", "2001:db8::1", 8443),
        ("[2001:db8::1]", "2001:db8::1", 443), ("2001:db8::1", "2001:db8::1", 443),
    ])
    func `an address is read`(text: String, host: String, port: Int) throws {
        #expect(try ServerEndpoint(text) == ServerEndpoint(host: host, port: port))
    }

    @Test(arguments: ["", ":443", "x:", "x:0", "x:65536", "x:-1", "https://x", "[::1", "[::1]443", "user@x"])
    func `what is no address is refused`(text: String) {
        #expect(throws: ConfigurationFailure.self) { try ServerEndpoint(text) }
    }
}

@Suite struct PassphraseFileTests {
    private func read(_ contents: [UInt8]?, mode: Int = 0o600) throws -> Passphrase {
        let folder = try TestFolder()
        let path = "\(folder.path)/passphrase"
        if let contents {
            try Data(contents).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        return try PassphraseFile.read(path)
    }

    private let good = Array("aaaaa-aaaaa-aaaaa-aaaaa\n".utf8)

    @Test(arguments: [0o600, 0o400, 0o640]) func `a passphrase is read without its newline`(mode: Int) throws {
        #expect(try read(good, mode: mode).text == "aaaaa-aaaaa-aaaaa-aaaaa")
    }

    @Test(arguments: [0o644, 0o604, 0o602, 0o666, 0o777]) func `a file that is open to others is refused`(mode: Int) {
        let failure = #expect(throws: ConfigurationFailure.self) { try read(good, mode: mode) }
        #expect(failure?.message.contains("Everybody") == true)
    }

    @Test(
        arguments: [
            nil, [], Array("\n".utf8), Array("short\n".utf8), Array(repeating: UInt8(ascii: "a"), count: 5000),
            Array(repeating: 0xFF, count: 30), Array(repeating: 0, count: 30),
        ] as [[UInt8]?])
    func `a file that is missing, empty, short, long or no text is refused`(contents: [UInt8]?) {
        #expect(throws: ConfigurationFailure.self) { try read(contents) }
    }
}
