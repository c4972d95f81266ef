// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

struct BookmarkIdentityTests {
    private static let id = BookmarkID(high: 0x0011_2233_4455_4677, low: 0x8899_aabb_ccdd_eeff)

    private func bookmark(_ fixture: StoreFixture, _ label: String = "quiesced") -> Bookmark {
        Bookmark(kind: .applicationConsistent, label: label, time: fixture.clock.now(), id: Self.id)
    }

    private func bookmarks(_ fixture: StoreFixture) -> [Bookmark] { fixture.group.stretches().flatMap(\.bookmarks) }

    @Test func `an id is a UUID`() { #expect(Self.id.description == "00112233-4455-4677-8899-aabbccddeeff") }

    @Test func `a bookmark's id survives the loss of power`() throws {
        let fixture = try StoreFixture()
        _ = try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.group.append(bookmark(fixture), sourceSequence: fixture.group.ingestPosition.accepted + 1)
        _ = try fixture.settle()
        #expect(bookmarks(fixture).map(\.id) == [Self.id])
        try fixture.reopen(crashes: true)
        #expect(bookmarks(fixture).map(\.id) == [Self.id])
        #expect(bookmarks(fixture).map(\.label) == ["quiesced"])
        #expect(try fixture.group.resolve(.bookmark("quiesced")).bookmark?.id == Self.id)
    }

    @Test func `the same bookmark twice is one, and its second number counts`() throws {
        let fixture = try StoreFixture()
        let first = try fixture.batch(Write(sector: 1, mark: 1))
        let source = fixture.group.ingestPosition.accepted
        try fixture.group.append(bookmark(fixture), sourceSequence: source + 1)
        // Before it is journaled, and after.
        try fixture.group.append(bookmark(fixture), sourceSequence: source + 2)
        _ = try fixture.settle()
        #expect(fixture.group.ingestPosition.durable == source + 2)
        _ = try fixture.batch(Write(sector: 1, mark: 2))
        try fixture.group.append(
            bookmark(fixture, "again"), sourceSequence: fixture.group.ingestPosition.accepted + 1)
        _ = try fixture.settle()
        #expect(bookmarks(fixture).map(\.label) == ["quiesced"])
        #expect(try fixture.group.resolve(.bookmark("quiesced")).sequence == first.next)
        try fixture.reopen(crashes: true)
        #expect(bookmarks(fixture).map(\.label) == ["quiesced"])
        #expect(fixture.group.ingestPosition.durable == source + 4)
    }
}
