// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// Bytes written as hex with comments: what follows `;` in a line is for the reader.
func hex(_ text: String) -> ByteBuffer {
    var bytes = ByteBuffer()
    for line in text.split(separator: "\n") {
        let digits = line.prefix { $0 != ";" }.filter(\.isHexDigit)
        var index = digits.startIndex
        while index < digits.endIndex {
            let next = digits.index(index, offsetBy: 2)
            bytes.writeInteger(UInt8(digits[index..<next], radix: 16) ?? 0)
            index = next
        }
    }
    return bytes
}

extension ByteBuffer {
    func followed(by other: ByteBuffer) -> ByteBuffer {
        var both = self
        both.writeImmutableBuffer(other)
        return both
    }
}
