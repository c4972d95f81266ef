// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The header that every page of vital product data has.
///
/// | byte | bits | meaning |
/// | --- | --- | --- |
/// | 0 | 7–5 | peripheral qualifier; 0 when a unit is connected |
/// | 0 | 4–0 | peripheral device type; 0 for a disk |
/// | 1 | | page code |
/// | 2 | | page length, 16 bits, big-endian: bytes after this header |
///
/// Source: SPC-4, 7.8.2 "VPD parameters page format".
enum VPDPage {
    static let headerLength = 4
    static let unitSerialNumber: UInt8 = 0x80
    static let deviceIdentification: UInt8 = 0x83
    static let supportedPages: UInt8 = 0x00

    /// The bytes after the header, exactly as many as it says; what a device sends beyond that is not looked at.
    static func body(of page: [UInt8], code: UInt8) throws(VPDError) -> [UInt8] {
        guard page.count >= headerLength else {
            throw .truncated(page: code, expected: headerLength, actual: page.count)
        }
        if page.allSatisfy({ $0 == 0 }), code != supportedPages { throw .zeroFilled(page: code) }
        var reader = unsafe ByteReader(page.span.bytes)
        guard let peripheral = reader.big(UInt8.self), let actual = reader.big(UInt8.self),
            let length = reader.big(UInt16.self)
        else { throw .truncated(page: code, expected: headerLength, actual: page.count) }
        guard peripheral >> 5 == 0 else { throw .notConnected(page: code, qualifier: peripheral >> 5) }
        guard actual == code else { throw .wrongPage(expected: code, actual: actual) }
        guard let body = reader.bytes(count: Int(length)) else {
            throw .truncated(page: code, expected: headerLength + Int(length), actual: page.count)
        }
        return body
    }

    /// The codes of the pages that a device has, from page 0x00.
    static func supported(by page: [UInt8]) throws(VPDError) -> [UInt8] { try body(of: page, code: supportedPages) }
}
