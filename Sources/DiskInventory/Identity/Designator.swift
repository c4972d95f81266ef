// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// One of the names on the device identification page.
public struct Designator: Hashable, Sendable {
    /// What the name belongs to.
    public enum Association: UInt8, Hashable, Sendable {
        case logicalUnit = 0
        case targetPort = 1
        case targetDevice = 2
        case reserved = 3
    }

    /// What kind of name it is: the designator type, with the name address authority where it is NAA.
    public enum Kind: Hashable, Sendable {
        case vendorSpecific  // 0
        case t10VendorID  // 1
        case eui64  // 2
        case naa(UInt8)  // 3, with the authority
        case relativeTargetPort  // 4
        case targetPortGroup  // 5
        case logicalUnitGroup  // 6
        case md5  // 7
        case scsiName  // 8
        case other(UInt8)
    }

    /// How the bytes are to be read: 1 binary, 2 ASCII, 3 UTF-8.
    public enum CodeSet: UInt8, Hashable, Sendable {
        case reserved = 0
        case binary = 1
        case ascii = 2
        case utf8 = 3
    }

    /// What the name belongs to.
    public let association: Association
    /// What kind of name it is.
    public let kind: Kind
    /// How the bytes are to be read.
    public let codeSet: CodeSet
    /// The name.
    public let bytes: [UInt8]

    /// A designator with its parts.
    public init(association: Association, kind: Kind, codeSet: CodeSet, bytes: [UInt8]) {
        self.association = association
        self.kind = kind
        self.codeSet = codeSet
        self.bytes = bytes
    }

    /// The designator type as the page has it.
    var type: UInt8 {
        switch kind {
        case .vendorSpecific: 0
        case .t10VendorID: 1
        case .eui64: 2
        case .naa: 3
        case .relativeTargetPort: 4
        case .targetPortGroup: 5
        case .logicalUnitGroup: 6
        case .md5: 7
        case .scsiName: 8
        case .other(let type): type
        }
    }

    /// Where it stands in the order of preference, 0 first; nil for what never identifies a unit.
    ///
    /// By kind, never by length: NAA registered extended; EUI-64 with 16, 12 and 8 bytes; NAA registered; NAA locally
    /// assigned and extended; SCSI name string; T10 vendor id.
    var preference: Int? {
        guard association == .logicalUnit else { return nil }
        switch kind {
        case .naa(6): return 0
        case .eui64: return bytes.count == 16 ? 1 : bytes.count == 12 ? 2 : 3
        case .naa(5): return 4
        case .naa(3): return 5
        case .naa(2): return 6
        case .scsiName: return 7
        case .t10VendorID: return 8
        case .vendorSpecific, .naa, .relativeTargetPort, .targetPortGroup, .logicalUnitGroup, .md5, .other: return nil
        }
    }

    /// The lengths that a kind can have, in bytes; nil where any will do.
    var permittedLengths: [Int]? {
        switch kind {
        case .naa(6): [16]
        case .naa(2), .naa(3), .naa(5): [8]
        case .eui64: [8, 12, 16]
        case .vendorSpecific, .t10VendorID, .naa, .relativeTargetPort, .targetPortGroup, .logicalUnitGroup, .md5,
            .scsiName, .other:
            nil
        }
    }
}
