// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives
import Testing

/// A group that a newer version wrote is left alone, with a sentence that says what to do.
struct VersionTests {
    /// Raises the version in a file's header.
    private func age(_ fixture: StoreFixture, _ name: String) throws {
        let file = try fixture.folder.open(name)
        var buffer = AlignedBuffer(count: 4096)
        var span = buffer.mutableBytes
        try file.read(into: &span, at: .zero)
        span.storeBytes(of: UInt16(2).littleEndian, toByteOffset: 8, as: UInt16.self)
        try file.write(buffer.bytes, at: .zero)
        try file.sync()
    }

    @Test(arguments: ["redo", "undo", "epoch"])
    func `a history file of a newer version is refused by name`(role: String) throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.mark()
        try fixture.batch(Write(sector: 1, mark: 2))
        let name = try #require(fixture.names(role).last)
        try age(fixture, name)
        let before = fixture.folder.allNames
        let refusal = fixture.refusal { try fixture.reopen() }
        #expect(refusal?.code == .unknownVersion)
        #expect(
            refusal?.message
                == "\(name) was written by a newer version (format 2). Install that version; nothing was changed.")
        #expect(fixture.folder.allNames == before)
    }

    @Test func `a state slot of a newer version is refused by name, and one that rotted is not taken for one`() throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.stepper.writeSlot()
        let file = try fixture.folder.open("state")
        var buffer = AlignedBuffer(count: 8192)
        var span = buffer.mutableBytes
        try file.read(into: &span, at: .zero)
        let slot = try (try? StateSlot(decoding: span.bytes)) ?? StateSlot(decoding: span.bytes.extracting(4096..<8192))
        for index in 0..<2 {
            var part = span._mutatingExtracting(index * 4096..<(index + 1) * 4096)
            slot.encode(into: &part)
        }
        // A later version keeps magic, version and checksum where they are.
        span.storeBytes(of: UInt16(2).littleEndian, toByteOffset: 8, as: UInt16.self)
        try file.write(span.bytes, at: .zero)
        try file.sync()
        #expect(throws: Never.self) { try fixture.reopen() }
        let checksum = Checksum(of: span.bytes.extracting(0..<88))
        span.storeBytes(of: checksum.rawValue.littleEndian, toByteOffset: 88, as: UInt64.self)
        try file.write(span.bytes, at: .zero)
        try file.sync()
        let refusal = fixture.refusal { try fixture.reopen() }
        #expect(refusal?.code == .unknownVersion)
        #expect(
            refusal?.message
                == "state was written by a newer version (format 2). Install that version; nothing was changed.")
    }

    @Test func `a manifest of a newer version is refused by name`() throws {
        let fixture = try StoreFixture()
        let text = try #require(try fixture.folder.contents(of: GroupManifest.fileName, limit: 1 << 20))
        let newer = String(decoding: text, as: UTF8.self).replacing(
            "\"version\" : 1", with: "\"version\" : 2, \"more\" : {}")
        try fixture.folder.replace(GroupManifest.fileName, with: Array(newer.utf8))
        let refusal = fixture.refusal { try fixture.reopen() }
        #expect(refusal?.code == .unknownVersion)
        #expect(refusal?.message.contains("(format 2)") == true)
    }

    @Test(arguments: ["", "{", "{}", "[1]", "{\"version\": 1}", "{\"version\": \"one\"}"])
    func `a manifest that cannot be read is refused with its remedy`(text: String) throws {
        let fixture = try StoreFixture()
        try fixture.folder.replace(GroupManifest.fileName, with: Array(text.utf8))
        let refusal = fixture.refusal { try fixture.reopen() }
        #expect(refusal?.code == .manifestDamaged)
    }

    @Test func `what was written is what is read`() throws {
        let fixture = try StoreFixture(diskCount: 2)
        #expect(try GroupManifest.read(from: fixture.folder) == fixture.group.manifest)
        #expect(fixture.group.manifest.groupID == GroupID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10))
    }
}
