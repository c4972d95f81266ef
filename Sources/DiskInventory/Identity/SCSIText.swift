// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The text of SCSI names, as `scsi_id` prints it, so that what is seen here can be compared with what udev and
/// multipathd say.
///
/// Source: udev, `scsi_id` (its options `--page` and `--replace-whitespace`), and udev's rules for device names.
public enum SCSIText {
    static let vendorLength = 8
    static let modelLength = 16
    /// The type of each page's names that `scsi_id` looks for, in its order, with the authority of an NAA.
    private static let order: [(type: UInt8, authority: UInt8?)] = [
        (3, 6), (3, 5), (3, nil), (2, nil), (1, nil), (0, nil),
    ]

    /// What `scsi_id --page=0x83` prints for a page, before whitespace is replaced; nil where it prints nothing.
    ///
    /// Its order is not ours: it takes any NAA before EUI-64, a vendor-specific name at last, and never a SCSI name
    /// string. For most disks both choose the same.
    public static func scsiID(_ page: DeviceIdentificationPage, vendor: [UInt8], model: [UInt8]) -> [UInt8]? {
        for (type, authority) in order {
            for codeSet in [Designator.CodeSet.binary, .ascii] {
                for designator in page.designators
                where designator.association == .logicalUnit && designator.type == type && designator.codeSet == codeSet
                {
                    if let authority, designator.kind != .naa(authority) { continue }
                    var text = Array("\(type)".utf8)
                    if type == 0 { text += padded(vendor, vendorLength) + padded(model, modelLength) }
                    return text + value(of: designator)
                }
            }
        }
        return nil
    }

    /// What `scsi_id --page=0x80` prints, before whitespace is replaced.
    public static func unitSerial(_ serial: [UInt8], vendor: [UInt8], model: [UInt8]) -> [UInt8] {
        var text = [UInt8(ascii: "S")] + padded(vendor, vendorLength) + padded(model, modelLength)
        text += serial.prefix { $0 != 0 }
        return text
    }

    /// The identity that a designator of a unit stands for; nil where it is blank.
    static func identity(of designator: Designator) -> DiskIdentity? {
        switch designator.kind {
        case .scsiName: return named(designator)
        case .t10VendorID:
            // A vendor alone, or a vendor and spaces, is what a unit sends that was never given a name.
            let name = designator.bytes.dropFirst(vendorLength)
            guard name.contains(where: { $0 != 0 && !isSpace($0) }) else { return nil }
        case .vendorSpecific, .eui64, .naa, .relativeTargetPort, .targetPortGroup, .logicalUnitGroup, .md5, .other:
            break
        }
        return DiskIdentity(rawValue: replaced(Array("\(designator.type)".utf8) + value(of: designator)))
    }

    /// A SCSI name string (SPC-4, 7.8.6.11): `naa.` and `eui.` before hexadecimal digits say what the binary forms say,
    /// so they give the same identity; `iqn.` stays a name.
    private static func named(_ designator: Designator) -> DiskIdentity? {
        let bytes = Array(designator.bytes.prefix { $0 != 0 })
        let text = String(decoding: bytes, as: UTF8.self)
        for (prefix, digit) in [("naa.", "3"), ("eui.", "2")] where text.hasPrefix(prefix) {
            let digits = text.dropFirst(prefix.count).lowercased()
            guard [16, 24, 32].contains(digits.utf8.count), digits.utf8.allSatisfy(isHexadecimal),
                digits.utf8.dropFirst().contains(where: { $0 != UInt8(ascii: "0") })
            else { return nil }
            return DiskIdentity(rawValue: digit + digits)
        }
        guard text.hasPrefix("iqn."), text.utf8.count > 4 else { return nil }
        return DiskIdentity(rawValue: replaced([UInt8(ascii: "8")] + bytes))
    }

    /// ASCII as it is up to a zero byte, all else as hexadecimal digits.
    private static func value(of designator: Designator) -> [UInt8] {
        designator.codeSet == .ascii || designator.codeSet == .utf8
            ? Array(designator.bytes.prefix { $0 != 0 }) : Array(hexadecimal(designator.bytes).utf8)
    }

    private static func padded(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        let text = bytes.prefix(length).prefix { $0 != 0 }
        return text + [UInt8](repeating: 0x20, count: length - text.count)
    }

    /// The text as `scsi_id --replace-whitespace` prints it and `ID_SERIAL` has it: whitespace at the ends is dropped,
    /// within it becomes one underscore, and what has no place in a device's name becomes an underscore too.
    public static func replaced(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var pendingSpace = false
        for byte in bytes.prefix(while: { $0 != 0 }) {
            if isSpace(byte) {
                pendingSpace = !text.isEmpty
            } else {
                if pendingSpace { text.append(UInt8(ascii: "_")) }
                pendingSpace = false
                text.append(byte)
            }
        }
        var result = ""
        var index = 0
        while index < text.count {
            if isPermitted(text[index]) {
                result.unicodeScalars.append(Unicode.Scalar(text[index]))
                index += 1
            } else if text[index] == UInt8(ascii: "\\"), index + 1 < text.count, text[index + 1] == UInt8(ascii: "x") {
                result += "\\x"
                index += 2
            } else if let scalar = multibyteScalar(text[index...]) {
                result.unicodeScalars.append(scalar)
                index += String(scalar).utf8.count
            } else {
                result += "_"
                index += 1
            }
        }
        return result
    }

    /// For people: without whitespace at the ends and without what cannot be shown.
    static func readable(_ bytes: [UInt8]) -> String {
        var text = bytes.prefix { $0 != 0 }.map { (0x20..<0x7F).contains($0) ? $0 : 0x20 }
        while text.last == 0x20 { text.removeLast() }
        return String(decoding: text.drop { $0 == 0x20 }, as: UTF8.self)
    }

    /// The character of two to four bytes that valid UTF-8 begins with.
    private static func multibyteScalar(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        for count in 2...4 where bytes.count >= count {
            guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else { continue }
            return text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
        }
        return nil
    }

    private static func isPermitted(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "#+-.:=@_".utf8.contains(byte)
        }
    }

    /// C's `isspace`.
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
