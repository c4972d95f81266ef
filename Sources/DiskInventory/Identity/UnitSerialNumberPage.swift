// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// SCSI page 0x80: a unit's serial number, unique together with its vendor and model.
///
/// Source: SPC-4, 7.8.19 "Unit Serial Number VPD page".
public struct UnitSerialNumberPage: Hashable, Sendable {
    /// The number as the device sends it, with its padding.
    public let bytes: [UInt8]

    /// Reads a page.
    ///
    /// - Parameter page: The page as the device sends it, with its header.
    /// - Throws: ``VPDError`` for a damaged page.
    public init(_ page: [UInt8]) throws(VPDError) {
        let body = try VPDPage.body(of: page, code: VPDPage.unitSerialNumber)
        guard body.isEmpty || body.contains(where: { $0 != 0 }) else {
            throw .zeroFilled(page: VPDPage.unitSerialNumber)
        }
        bytes = body
    }

    /// The number for people: without padding and what cannot be shown.
    public var text: String { SCSIText.readable(bytes) }

    /// The identity of the unit with its vendor (8 bytes) and model (16 bytes) as INQUIRY has them.
    ///
    /// - Throws: ``VPDError/emptySerial`` where the number is blank.
    public func identity(vendor: [UInt8], model: [UInt8]) throws(VPDError) -> DiskIdentity {
        guard !text.isEmpty else { throw .emptySerial }
        let raw = SCSIText.unitSerial(bytes, vendor: vendor, model: model)
        guard let identity = DiskIdentity(rawValue: SCSIText.replaced(raw)) else { throw .emptySerial }
        return identity
    }
}
