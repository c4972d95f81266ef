// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Testing

@Suite struct RequestTests {
    @Test(arguments: ["a", "erp-1", "A.b_c", "9", String(repeating: "x", count: 63)])
    func `a name is permitted`(name: String) {
        #expect(CreateGroupRequest.isPermittedName(name))
    }

    @Test(arguments: ["", ".", "..", "-a", "a/b", "a b", "ä", "a\0", String(repeating: "x", count: 64)])
    func `a name that could be a path or an option is not`(name: String) {
        #expect(!CreateGroupRequest.isPermittedName(name))
    }

    @Test func `every code of a failure has a status of an error`() {
        for code in ControlFailure.Code.allCases {
            #expect((400..<600).contains(ControlFailure(code, "m", remedy: "r").httpStatus))
        }
    }

    @Test func `the default policy is R-08`() {
        let policy = GroupPolicy()
        #expect(policy.rpoThresholdSeconds == 900)
        #expect(policy.retentionSeconds == 86400)
        #expect(policy.applicationConsistentSeconds == 3600)
        #expect(policy.complaint == nil)
    }

    @Test func `a policy that makes no sense is complained about`() {
        #expect(GroupPolicy(rpoThresholdSeconds: 0).complaint != nil)
        #expect(GroupPolicy(retentionSeconds: 0).complaint != nil)
        #expect(GroupPolicy(retentionSeconds: .max).complaint != nil)
        #expect(GroupPolicy(applicationConsistentSeconds: 0).complaint != nil)
        #expect(GroupPolicy(quotaBytes: 1).complaint != nil)
    }
}
