// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives
import Testing

/// Giving all history up is an order to the group's own thread, and a reader stops it.
struct DiscardTests {
    private func fixture() throws -> (StoreFixture, old: SequenceNumber) {
        let fixture = try StoreFixture()
        let old = try fixture.batch(Write(sector: 1, mark: 1))
        for mark in 2..<6 as Range<UInt8> {
            try fixture.batch(Write(sector: 1, mark: mark))
            try fixture.mark()
        }
        return (fixture, old)
    }

    @Test(arguments: [false, true])
    func `a point that is being read keeps history`(isRunning: Bool) throws {
        let (fixture, old) = try fixture()
        if isRunning { fixture.group.start() }
        defer { fixture.group.close() }
        let expected = fixture.states[old.rawValue]
        do {
            let view = try fixture.group.view(at: old)
            let refusal = fixture.refusal { try fixture.group.discardHistory() }
            #expect(refusal?.code == .notAccepting)
            #expect(refusal?.message.contains("is being read") == true)
            #expect(try StoreFixture.contents(of: view, 1) == expected)
        }
        #expect(fixture.isOffered(old))
        try fixture.group.discardHistory()
        #expect(!fixture.isOffered(old))
        #expect(fixture.isOffered(fixture.group.status.durable))
        #expect(fixture.code { _ = try fixture.group.view(at: old) } == .noSuchPoint)
        #expect(fixture.group.status.failure == nil)
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `a failed group says so and gives nothing up`() throws {
        let (fixture, _) = try fixture()
        let names = fixture.folder.allNames
        fixture.group.close()
        #expect(fixture.code { try fixture.group.discardHistory() } == .closed)
        #expect(fixture.folder.allNames == names)
    }

    @Test func `what was given up stays given up after a crash`() throws {
        let (fixture, old) = try fixture()
        try fixture.group.discardHistory()
        try fixture.reopen(crashes: true)
        try fixture.settle()
        #expect(!fixture.isOffered(old))
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }
}
