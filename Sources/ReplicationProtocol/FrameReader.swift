// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

/// Takes the fields of one body, in order; every field that is missing or holds what it may not is an error with a
/// name.
struct FrameReader {
    private var bytes: ByteBuffer
    private let type: FrameType

    init(_ bytes: ByteBuffer, of type: FrameType) {
        self.bytes = bytes
        self.type = type
    }

    mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(ProtocolError) -> T {
        guard let value = bytes.readInteger(endianness: .little, as: T.self) else { throw endsEarly() }
        return value
    }

    mutating func disk() throws(ProtocolError) -> DiskNumber { DiskNumber(try integer()) }
    mutating func time() throws(ProtocolError) -> Timestamp { Timestamp(nanoseconds: try integer()) }

    /// A value of a closed set.
    mutating func choice<T: RawRepresentable>(_ what: T.Type, named name: String) throws(ProtocolError) -> T
    where T.RawValue: FixedWidthInteger {
        let raw: T.RawValue = try integer()
        guard let value = T(rawValue: raw) else {
            throw malformed("has \(name) \(raw), which this version does not know")
        }
        return value
    }

    mutating func bool() throws(ProtocolError) -> Bool {
        let raw: UInt8 = try integer()
        guard raw <= 1 else { throw malformed("has \(raw) where 0 or 1 belongs") }
        return raw == 1
    }

    mutating func zero<T: FixedWidthInteger>(_ type: T.Type) throws(ProtocolError) {
        let value: T = try integer()
        guard value == 0 else { throw malformed("has \(value) in a reserved field") }
    }

    /// UTF-8 of at most `limit` bytes after a 16-bit length.
    mutating func string(atMost limit: Int) throws(ProtocolError) -> String {
        let length = Int(try integer(UInt16.self))
        guard length <= limit else { throw malformed("has a text of \(length) bytes; the limit is \(limit)") }
        guard let slice = bytes.readSlice(length: length) else { throw endsEarly() }
        guard let text = String(validating: slice.readableBytesView, as: UTF8.self) else {
            throw malformed("has a text that is not UTF-8")
        }
        return text
    }

    mutating func bytes(_ count: Int) throws(ProtocolError) -> [UInt8] {
        guard let value = bytes.readBytes(length: count) else { throw endsEarly() }
        return value
    }

    /// Throws where anything is left.
    func end() throws(ProtocolError) {
        guard bytes.readableBytes == 0 else {
            throw malformed("goes on for \(bytes.readableBytes) bytes after its end")
        }
    }

    func malformed(_ what: String) -> ProtocolError { ProtocolError(.malformedFrame, "A \(type) frame \(what).") }

    private func endsEarly() -> ProtocolError { malformed("ends early") }
}

extension ByteBuffer {
    mutating func writeText(_ text: String) {
        // The limits of every text are far below 2^16.
        writeInteger(UInt16(clamping: text.utf8.count), endianness: .little)
        writeString(text)
    }
}

extension String {
    /// The longest beginning that has at most `limit` bytes.
    func truncated(toBytes limit: Int) -> String {
        if utf8.count <= limit { return self }
        var result = self
        while result.utf8.count > limit { result.removeLast() }
        return result
    }
}
