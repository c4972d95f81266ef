// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What is wrong with an identity page, with the sentence that is shown.
public enum VPDError: Error, Hashable, Sendable {
    /// The page ends before its header does, or before the length in its header says.
    case truncated(page: UInt8, expected: Int, actual: Int)
    /// A designator says that it is longer than what is left of the page.
    case lengthPastEnd(page: UInt8, offset: Int, length: Int)
    /// Nothing but zeroes, in the page or in what should be the unit's number.
    case zeroFilled(page: UInt8)
    /// The device answered with another page: often the standard INQUIRY data.
    case wrongPage(expected: UInt8, actual: UInt8)
    /// The peripheral qualifier says that no unit is connected here.
    case notConnected(page: UInt8, qualifier: UInt8)
    /// A designator of the unit has a length that its kind cannot have.
    case wrongLength(kind: String, offset: Int, length: Int)
    /// A page in the form before SPC-2, which has no designators.
    case obsoleteFormat(page: UInt8)
    /// The page names target ports or the target device, never the unit.
    case onlyTargetPorts
    /// The page is there and has no designator.
    case noDesignators
    /// The page has designators of the unit, none of a kind that is unique in the world.
    case noUniqueDesignator
    /// The serial number is empty or all spaces.
    case emptySerial
    /// The page could not be read at all.
    case unreadable(page: UInt8, reason: String)

    /// Whether the page is damaged, so that nothing of the device is believed. Where it is not, the page just does not
    /// identify the unit, and the next source in order is asked.
    public var isDamage: Bool {
        switch self {
        case .truncated, .lengthPastEnd, .zeroFilled, .wrongPage, .notConnected, .wrongLength, .obsoleteFormat,
            .unreadable:
            true
        case .onlyTargetPorts, .noDesignators, .noUniqueDesignator, .emptySerial: false
        }
    }
}

extension VPDError: CustomStringConvertible {
    private static func name(_ page: UInt8) -> String { "page 0x" + hexadecimal([page]) }

    /// One sentence: what is wrong and, where something can be done, what.
    public var description: String {
        switch self {
        case .truncated(let page, let expected, let actual):
            "SCSI \(Self.name(page)) is truncated: it should have \(expected) bytes and has \(actual)."
        case .lengthPastEnd(let page, let offset, let length):
            "SCSI \(Self.name(page)) has a designator at byte \(offset) whose length, \(length), passes the end of the "
                + "page."
        case .zeroFilled(let page):
            "SCSI \(Self.name(page)) is filled with zeroes where the unit's number should be."
        case .wrongPage(let expected, let actual):
            "The device was asked for SCSI \(Self.name(expected)) and answered with \(Self.name(actual))."
        case .notConnected(let page, let qualifier):
            "SCSI \(Self.name(page)) has peripheral qualifier \(qualifier): no unit is connected at this address."
        case .wrongLength(let kind, let offset, let length):
            "SCSI page 0x83 has a designator of kind \(kind) at byte \(offset) with \(length) bytes, which that kind "
                + "cannot have."
        case .obsoleteFormat(let page):
            "SCSI \(Self.name(page)) has the form from before SPC-2; set the array's host mode to SPC-2 or newer."
        case .onlyTargetPorts: "SCSI page 0x83 names only target ports or the target device, not the unit."
        case .noDesignators: "SCSI page 0x83 is there and has no designator."
        case .noUniqueDesignator: "SCSI page 0x83 has no designator of the unit that is unique in the world."
        case .emptySerial: "SCSI page 0x80 has an empty serial number."
        case .unreadable(let page, let reason): "SCSI \(Self.name(page)) could not be read (\(reason))."
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var digits: [UInt8] = []
    let values = Array("0123456789abcdef".utf8)
    for byte in bytes {
        digits.append(values[Int(byte >> 4)])
        digits.append(values[Int(byte & 0x0F)])
    }
    return String(decoding: digits, as: UTF8.self)
}
