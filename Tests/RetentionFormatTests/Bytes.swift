// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Bytes from lines of hex; what follows `//` is a comment.
func hex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for line in text.split(separator: "\n") {
        var digits: [UInt8] = []
        for character in line.prefix(while: { $0 != "/" }) {
            if let digit = character.hexDigitValue { digits.append(UInt8(digit)) }
        }
        for index in stride(from: 0, to: digits.count - 1, by: 2) {
            bytes.append(digits[index] << 4 | digits[index + 1])
        }
    }
    return bytes
}

/// The same, padded with zeroes.
func hex(_ text: String, paddedTo count: Int) -> [UInt8] {
    let bytes = hex(text)
    return bytes + [UInt8](repeating: 0, count: count - bytes.count)
}

func copy(_ buffer: borrowing AlignedBuffer, _ count: Int) -> [UInt8] {
    buffer.withBytes(0..<count) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
}

/// With one bit the other way.
func flipped(_ bytes: [UInt8], bit: Int) -> [UInt8] {
    var bytes = bytes
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    return bytes
}

/// With an integer put over what was there.
func patched<T: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int, _ value: T) -> [UInt8] {
    var bytes = bytes
    var little: [UInt8] = []
    little.appendLittle(value)
    bytes.replaceSubrange(offset..<offset + little.count, with: little)
    return bytes
}
