// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What a recovered disk looked like: digests of all of it, or of places all over it where it is large.
///
/// History is moved over disks block by block and takes for granted that they are as it left them. A machine that ran on
/// them wrote where nobody knows; equal digests of the whole disk prove that none did, equal ones of some of its places
/// only make it likely.
package struct TargetFingerprint: Hashable, Sendable, Codable {
    /// Bytes of one place.
    package static let placeBytes: UInt64 = 64 << 10
    /// Up to this size all of a disk is read.
    package static let wholeBytes: UInt64 = 64 << 20
    /// Places of a larger disk at its start, where partition tables and superblocks are, and at its end.
    package static let headPlaces: UInt64 = 32
    package static let tailPlaces: UInt64 = 16
    /// Places in between, evenly spread: few enough for a disk that has to seek.
    package static let middlePlaces: UInt64 = 208
    /// Any number serves: nobody chooses the content that is compared.
    private static let seed: UInt64 = 0x6d74_6670

    /// The disk's number in its group.
    package let disk: DiskNumber
    /// Digests of the places, in order: low and high of each.
    package let digests: [UInt64]

    /// Where a disk of that size is looked at: offsets of places, without repeats, in order.
    package static func places(size: UInt64) -> [UInt64] {
        let blocks = size / placeBytes + (size % placeBytes == 0 ? 0 : 1)
        guard size > wholeBytes else { return (0..<blocks).map { $0 * placeBytes } }
        let first = headPlaces
        let span = blocks - headPlaces - tailPlaces
        let middle = (0..<middlePlaces).map { first + span / middlePlaces * $0 }
        return (Array(0..<headPlaces) + middle + Array(blocks - tailPlaces..<blocks)).map { $0 * placeBytes }
    }

    /// Whether equal fingerprints of a disk of that size prove that it is the same.
    package static func isProof(size: UInt64) -> Bool { size <= wholeBytes }

    /// Reads the places. Blocks.
    package init(of target: any BlockDevice, disk: DiskNumber, size: UInt64) throws(DeviceError) {
        self.disk = disk
        var buffer = AlignedBuffer(count: Int(Self.placeBytes))
        var digests: [UInt64] = []
        for place in Self.places(size: size) {
            let count = Int(min(Self.placeBytes, size - place))
            var whole = buffer.mutableBytes
            var span = whole._mutatingExtracting(0..<count)
            try target.read(into: &span, at: ByteOffset(place))
            let digest = RangeDigest(of: buffer.bytes.extracting(0..<count), seed: Self.seed)
            digests.append(digest.low)
            digests.append(digest.high)
        }
        self.digests = digests
    }

    /// Where a later look found something else: the offset of the first such place; nil when there is none.
    package func firstDifference(from later: TargetFingerprint, size: UInt64) -> UInt64? {
        let places = Self.places(size: size)
        guard digests.count == later.digests.count, digests.count == 2 * places.count else { return 0 }
        return places.indices.first { index in
            digests[2 * index] != later.digests[2 * index] || digests[2 * index + 1] != later.digests[2 * index + 1]
        }.map { places[$0] }
    }
}

/// The fingerprints of a group's disks, since they show a point.
struct GroupFingerprint: Hashable, Sendable, Codable {
    /// 256 disks of 1,024 places, in decimal.
    static let maximumFileBytes = 32 << 20

    /// The point that they show.
    var sequence: UInt64
    var disks: [TargetFingerprint]
}
