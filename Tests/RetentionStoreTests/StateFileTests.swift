// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives
import Testing

struct StateFileTests {
    @Test(arguments: [[0], [1], [0, 1]])
    func `a group opens with either slot damaged, and with both`(slots: [Int]) throws {
        let fixture = try StoreFixture()
        for mark in 1..<5 as Range<UInt8> {
            try fixture.batch(Write(sector: Int(mark), mark: mark))
            try fixture.stepper.writeSlot()
        }
        let durable = fixture.group.status.durable
        for slot in slots { fixture.folder.damage("state", sector: slot * 8, byte: 40) }
        try fixture.reopen()
        try fixture.settle()
        #expect(fixture.group.status.durable == durable)
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
        // And goes on to write slots that count.
        try fixture.batch(Write(sector: 9, mark: 9))
        try fixture.stepper.writeSlot()
        try fixture.reopen()
        #expect(fixture.group.status.applied == fixture.group.status.durable)
    }

    @Test func `a group opens without a state file`() throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.folder.remove("state")
        try fixture.reopen()
        try fixture.settle()
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }

    @Test func `history that was given up does not come back when a slot is damaged`() throws {
        let fixture = try StoreFixture()
        let old = try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.batch(Write(sector: 1, mark: 2))
        try fixture.mark()
        try fixture.group.discardHistory()
        #expect(!fixture.isOffered(old))
        for slot in 0..<2 { fixture.folder.damage("state", sector: slot * 8, byte: 16) }
        try fixture.reopen()
        #expect(try fixture.wrongPoints() == [])
    }
}
