// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer
import StoragePrimitives
import Testing

@Suite struct ChunkReaderTests {
    static let block = ScanBlock.byteCount

    static func firstByte(_ buffer: borrowing AlignedBuffer) -> UInt8 {
        unsafe buffer.bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    }

    /// All chunks as text: range, kind, first byte.
    static func read(_ source: MemorySource, changesOnly: Bool = false) throws -> [String] {
        let reader = ChunkReader(
            source: source, size: ByteCount(source.size), changesOnly: changesOnly, signal: WorkerSignal())
        defer { reader.finish() }
        var found: [String] = []
        while let chunk = try reader.next() {
            let place = "\(chunk.range.lowerBound / block)-\(chunk.range.upperBound / block)"
            switch chunk.content {
            case .zeroes: found.append("\(place) zeroes")
            case .unchanged: found.append("\(place) unchanged")
            case .data(let cell):
                guard let buffer = cell.take() else { continue }
                found.append("\(place) data \(firstByte(buffer))")
                cell.put(buffer)
                reader.recycle(cell)
            }
        }
        return found
    }

    @Test func `chunks are of a mebibyte, in order, with holes between`() throws {
        let source = MemorySource(size: 80 * Self.block, data: [32 * Self.block..<66 * Self.block: 7])
        #expect(
            try Self.read(source) == [
                "0-32 zeroes", "32-48 data 7", "48-64 data 7", "64-66 data 7", "66-80 zeroes",
            ])
    }

    @Test func `a long disk needs no more than its few buffers`() throws {
        let source = MemorySource(size: 640 * Self.block, data: [0..<640 * Self.block: 1])
        #expect(try Self.read(source).count == 40)
    }

    @Test func `what did not change is not read when the map is believed`() throws {
        let source = MemorySource(
            size: 48 * Self.block, data: [0..<48 * Self.block: 1], unchanged: [16 * Self.block..<32 * Self.block])
        #expect(try Self.read(source) == ["0-16 data 1", "16-32 data 1", "32-48 data 1"])
        #expect(
            try Self.read(source, changesOnly: true).filter { $0.hasSuffix("unchanged") } == ["16-32 unchanged"])
    }

    @Test func `a failing source fails the reader after what was read before`() throws {
        let source = MemorySource(
            size: 48 * Self.block, data: [0..<48 * Self.block: 1], failsAt: 20 * Self.block)
        #expect(throws: ProcessServerError.self) { try Self.read(source) }
    }

    @Test func `a reader that is abandoned ends`() throws {
        let source = MemorySource(size: 640 * Self.block, data: [0..<640 * Self.block: 1])
        let reader = ChunkReader(
            source: source, size: ByteCount(source.size), changesOnly: false, signal: WorkerSignal())
        _ = try reader.next()
        reader.finish()
    }

    @Test func `a stop ends the wait for a chunk`() throws {
        let source = MemorySource(size: 64 * Self.block, data: [0..<64 * Self.block: 1])
        let signal = WorkerSignal()
        signal.stop()
        let reader = ChunkReader(source: source, size: ByteCount(source.size), changesOnly: false, signal: signal)
        defer { reader.finish() }
        #expect(throws: ProcessServerError.self) {
            while let chunk = try reader.next() {
                if case .data = chunk.content { continue }
            }
        }
    }
}
