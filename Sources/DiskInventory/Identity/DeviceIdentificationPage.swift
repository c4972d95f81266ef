// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// SCSI page 0x83: the names of a unit, of the port it was asked through and of the device it is in.
///
/// After the header, designators follow one another:
///
/// | byte | bits | meaning |
/// | --- | --- | --- |
/// | 0 | 7–4 | protocol identifier |
/// | 0 | 3–0 | code set |
/// | 1 | 5–4 | association: 0 unit, 1 target port, 2 target device |
/// | 1 | 3–0 | designator type |
/// | 3 | | length of the designator in bytes |
/// | 4 | | the designator |
///
/// Source: SPC-4, 7.8.6 "Device Identification VPD page".
public struct DeviceIdentificationPage: Hashable, Sendable {
    private static let designatorHeader = 4
    /// Designators that are kept; a page of 64 KiB could hold thousands.
    private static let mostDesignators = 64

    /// All of them, in the order of the page.
    public let designators: [Designator]

    /// Reads a page.
    ///
    /// - Parameter page: The page as the device sends it, with its header.
    /// - Throws: ``VPDError`` for a damaged page. Nothing of it is believed then.
    public init(_ page: [UInt8]) throws(VPDError) {
        let code = VPDPage.deviceIdentification
        let body = try VPDPage.body(of: page, code: code)
        guard !body.isEmpty else {
            designators = []
            return
        }
        guard !body.allSatisfy({ $0 == 0 }) else { throw .zeroFilled(page: code) }
        // The third byte of a designator is reserved and zero; the form before SPC-2 has part of the number there.
        guard body.count < 3 || body[2] == 0 else { throw .obsoleteFormat(page: code) }
        var found: [Designator] = []
        var reader = unsafe ByteReader(body.span.bytes)
        while reader.remaining > 0, found.count < Self.mostDesignators {
            let start = VPDPage.headerLength + reader.offset
            guard let header = reader.bytes(count: Self.designatorHeader) else {
                throw .lengthPastEnd(page: code, offset: start, length: reader.remaining)
            }
            let length = Int(header[3])
            guard let bytes = reader.bytes(count: length) else {
                throw .lengthPastEnd(page: code, offset: start, length: length)
            }
            found.append(try Self.designator(header, bytes, at: start))
        }
        designators = found
    }

    private static func designator(_ header: [UInt8], _ bytes: [UInt8], at offset: Int) throws(VPDError) -> Designator {
        let association = Designator.Association(rawValue: (header[1] >> 4) & 0x03) ?? .reserved
        let kind: Designator.Kind =
            switch header[1] & 0x0F {
            case 0: .vendorSpecific
            case 1: .t10VendorID
            case 2: .eui64
            case 3: .naa((bytes.first ?? 0) >> 4)
            case 4: .relativeTargetPort
            case 5: .targetPortGroup
            case 6: .logicalUnitGroup
            case 7: .md5
            case 8: .scsiName
            default: .other(header[1] & 0x0F)
            }
        let designator = Designator(
            association: association, kind: kind, codeSet: .init(rawValue: header[0] & 0x0F) ?? .reserved, bytes: bytes)
        guard association == .logicalUnit else { return designator }
        if let lengths = designator.permittedLengths {
            guard lengths.contains(bytes.count) else {
                throw .wrongLength(kind: kind == .eui64 ? "EUI-64" : "NAA", offset: offset, length: bytes.count)
            }
            // An authority before nothing but zeroes is what a device sends that was never given a number.
            guard bytes.dropFirst().contains(where: { $0 != 0 }) || bytes.first.map({ $0 & 0x0F != 0 }) ?? false else {
                throw .zeroFilled(page: VPDPage.deviceIdentification)
            }
        }
        return designator
    }

    /// The identity by the best designator of the unit.
    ///
    /// - Throws: ``VPDError`` that says why there is none.
    public func identity() throws(VPDError) -> DiskIdentity {
        guard !designators.isEmpty else { throw .noDesignators }
        guard designators.contains(where: { $0.association == .logicalUnit }) else { throw .onlyTargetPorts }
        let candidates = designators.compactMap { designator in
            designator.preference.map { (preference: $0, designator: designator) }
        }
        // The first of equals in the page's order: a stable sort is not needed for a minimum.
        for preference in 0...8 {
            for candidate in candidates where candidate.preference == preference {
                if let identity = SCSIText.identity(of: candidate.designator) { return identity }
            }
        }
        throw .noUniqueDesignator
    }
}
