// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives

/// An epoch file whose checksums are right whatever it says: what a hostile volume may hold.
struct EpochForgery {
    /// Everything after the page table: length (4), summary, points, redo rows, undo rows.
    var content: [UInt8]
    private let file: any StoreFile
    private let contentStart: Int
    private static let page = 64 << 10

    init(_ fixture: StoreFixture, _ name: String) throws {
        file = try fixture.folder.open(name)
        let bytes = try Self.read(file, 0, try file.size().int)
        let header = try unsafe FileHeader(decoding: bytes.span.bytes)
        contentStart = FileHeader.size + Int(header.tableBytes)
        content = Array(bytes[contentStart...])
    }

    private static func read(_ file: any StoreFile, _ offset: Int, _ count: Int) throws -> [UInt8] {
        var buffer = AlignedBuffer(count: count)
        var span = buffer.mutableBytes
        try file.read(into: &span, at: ByteOffset(UInt64(offset)))
        return buffer.withBytes(0..<count) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }

    func summary() throws -> EpochSummary {
        let bytes = Array(content[4...])
        var reader = unsafe ByteReader(bytes.span.bytes)
        return try EpochSummary(decoding: &reader)
    }

    /// Where the points start in the content.
    var batches: Int {
        4 + (0..<4).reduce(0) { $0 | Int(content[$1]) << ($1 * 8) }
    }

    mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        var little: [UInt8] = []
        little.appendLittle(value)
        content.replaceSubrange(offset..<offset + little.count, with: little)
    }

    /// Writes it back with checksums that fit.
    func sign() throws {
        var buffer = AlignedBuffer(count: contentStart + content.count)
        var span = buffer.mutableBytes
        let head = try Self.read(file, 0, contentStart)
        unsafe span.replace(at: 0, with: head.span.bytes)
        unsafe span.replace(at: contentStart, with: content.span.bytes)
        for (index, start) in stride(from: 0, to: content.count, by: Self.page).enumerated() {
            let end = min(content.count, start + Self.page)
            let checksum = Checksum(of: span.bytes.extracting(contentStart + start..<contentStart + end))
            span.storeBytes(
                of: checksum.rawValue.littleEndian, toByteOffset: FileHeader.size + index * 8, as: UInt64.self)
        }
        var header = try FileHeader(decoding: span.bytes)
        header.tableChecksum = Checksum(of: span.bytes.extracting(FileHeader.size..<contentStart))
        header.encode(into: &span)
        try file.write(span.bytes, at: .zero)
        try file.sync()
    }
}
