// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// An extent and where its bytes are in history: a row of the redo and undo indexes.
///
/// | offset | size | name | meaning |
/// | --- | --- | --- | --- |
/// | 0 | 8 | address | disk and first sector |
/// | 8 | 8 | checksum | of the data; 0 for zeroes |
/// | 16 | 4 | sectors | 1 or more |
/// | 20 | 4 | file | number of the segment; 0 for zeroes |
/// | 24 | 4 | block | where the data starts in the segment, in units of 512 bytes |
/// | 28 | 4 | flags | bit 0: zeroes |
public struct StoredExtent: Hashable, Sendable {
    /// Bytes of an encoded row.
    public static let encodedSize = 32

    /// Disk and first sector.
    public var address: DiskAddress
    /// XXH3-64 of the data, 0 for zeroes.
    public var checksum: UInt64
    /// Sectors covered, 1 or more.
    public var sectorCount: UInt32
    /// The segment that the data is in, 0 for zeroes.
    public var file: FileNumber
    /// Where the data starts in the segment, in units of 512 bytes.
    public var block: UInt32
    /// Bit 0: zeroes.
    public var flags: UInt32

    /// A row as it is given.
    public init(
        address: DiskAddress, checksum: UInt64, sectorCount: UInt32, file: FileNumber, block: UInt32, flags: UInt32
    ) {
        self.address = address
        self.checksum = checksum
        self.sectorCount = sectorCount
        self.file = file
        self.block = block
        self.flags = flags
    }

    /// - Parameter payloadOffset: Bytes from the start of the segment to the data; a multiple of 512.
    public init(_ extent: Extent, file: FileNumber, payloadOffset: UInt64) {
        let address = DiskAddress(disk: extent.disk, sector: extent.sector)
        switch extent.content {
        case .zeroes:
            self.init(
                address: address, checksum: 0, sectorCount: extent.sectorCount, file: FileNumber(0), block: 0, flags: 1)
        case .data(let checksum):
            self.init(
                address: address, checksum: checksum.rawValue, sectorCount: extent.sectorCount, file: file,
                block: UInt32(payloadOffset / Sector.size), flags: 0)
        }
    }

    /// Whether it stands for zeroes, which have no data.
    public var isZeroes: Bool { flags & 1 == 1 }
    /// One past its last sector.
    public var end: DiskAddress { address + sectorCount }
    /// Bytes covered, whether stored or not.
    public var byteCount: Int { Int(sectorCount) * Int(Sector.size) }
    /// Bytes from the start of the segment to the data.
    public var payloadOffset: UInt64 { UInt64(block) * Sector.size }

    /// Appends the row's ``encodedSize`` bytes.
    public func encode(into bytes: inout [UInt8]) {
        bytes.appendLittle(address.rawValue)
        bytes.appendLittle(checksum)
        bytes.appendLittle(sectorCount)
        bytes.appendLittle(file.rawValue)
        bytes.appendLittle(block)
        bytes.appendLittle(flags)
    }

    /// Takes a row off the front.
    ///
    /// - Throws: ``FormatError``: `.truncated`, or `.invalid` for a length that cannot be or a range past the last
    ///   sector of a disk.
    public init(decoding reader: inout ByteReader) throws(FormatError) {
        guard let address = reader.little(UInt64.self), let checksum = reader.little(UInt64.self),
            let sectorCount = reader.little(UInt32.self), let file = reader.little(UInt32.self),
            let block = reader.little(UInt32.self), let flags = reader.little(UInt32.self)
        else { throw .truncated }
        self.init(
            address: DiskAddress(rawValue: address), checksum: checksum, sectorCount: sectorCount,
            file: FileNumber(file), block: block, flags: flags)
        let isShortEnough = isZeroes || byteCount <= Extent.maximumDataBytes
        guard sectorCount > 0, isShortEnough, self.address.holds(sectorCount) else {
            throw .invalid("an index row of \(sectorCount) sectors at \(address)")
        }
    }
}
