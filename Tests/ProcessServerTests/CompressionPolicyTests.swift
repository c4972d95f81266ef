// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer
import Testing

@Suite struct CompressionPolicyTests {
    /// Decisions of `writes` Writes, a microsecond apart, of which the sender waited the given share.
    static func decisions(
        _ policy: inout CompressionPolicy, writes: Int, from start: Int64, share: Double, ratio: Double = 0.5
    ) -> [Bool] {
        (0..<writes).map { index in
            let now = start + Int64(index) * 1000
            let answer = policy.shouldCompress(now: now, blocked: Int64(Double(now) * share))
            if answer { policy.compressed(1000, to: Int(1000 * ratio)) }
            return answer
        }
    }

    @Test func `fixed modes do as told`() {
        var none = CompressionPolicy(mode: .none)
        var always = CompressionPolicy(mode: .lz4)
        #expect(Self.decisions(&none, writes: 100, from: 0, share: 1).allSatisfy { !$0 })
        #expect(Self.decisions(&always, writes: 100, from: 0, share: 0).allSatisfy { $0 })
    }

    @Test func `a sender that seldom waits does not compress`() {
        var policy = CompressionPolicy(mode: .auto)
        #expect(Self.decisions(&policy, writes: 500, from: 0, share: 0.3).allSatisfy { !$0 })
    }

    @Test func `a sender that mostly waits compresses`() {
        var policy = CompressionPolicy(mode: .auto)
        let answers = Self.decisions(&policy, writes: 500, from: 0, share: 0.9)
        #expect(!answers[0] && answers[100...].allSatisfy { $0 })
    }

    @Test func `data that does not shrink is left alone for a while`() {
        var policy = CompressionPolicy(mode: .auto)
        let answers = Self.decisions(&policy, writes: 2000, from: 0, share: 0.9, ratio: 1)
        let compressed = answers.count { $0 }
        #expect(compressed > 0 && compressed < 300)
    }
}
