// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation

/// An image file that stands for a disk, filled with numbers that nobody would guess.
struct Image {
    let path: String

    /// Makes it, or empties it, with `bytes` zeroes.
    init(_ path: String, bytes: Int) throws {
        self.path = path
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: UInt64(bytes))
        try file.close()
    }

    /// One that is there already.
    init(there path: String) { self.path = path }

    /// Writes random bytes.
    func scramble(_ range: Range<Int>) throws {
        var words = [UInt64](repeating: 0, count: range.count / 8)
        var generator = SystemRandomNumberGenerator()
        for index in words.indices { words[index] = generator.next() }
        try write(unsafe words.withUnsafeBytes { unsafe Data($0) }, at: range.lowerBound)
    }

    /// Writes 64 KiB of random bytes again and again: quicker, and as hard to compress within one block.
    func stamp(_ range: Range<Int>) throws {
        var words = [UInt64](repeating: 0, count: 8192)
        var generator = SystemRandomNumberGenerator()
        for index in words.indices { words[index] = generator.next() }
        let piece = unsafe words.withUnsafeBytes { unsafe Data($0) }
        var data = Data(capacity: range.count)
        while data.count < range.count { data.append(piece.prefix(range.count - data.count)) }
        try write(data, at: range.lowerBound)
    }

    /// Writes zeroes.
    func wipe(_ range: Range<Int>) throws { try write(Data(count: range.count), at: range.lowerBound) }

    private func write(_ data: Data, at offset: Int) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: data)
        try file.close()
    }

    /// What it holds.
    func content() throws -> Data { try Data(contentsOf: URL(filePath: path)) }
}
