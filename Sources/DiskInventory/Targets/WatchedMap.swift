// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// A multipath map that is written to, and whose paths are compared again where the first writes went.
///
/// Two blank copies of one disk read alike before anything is written, and unlike afterwards, because a write goes by one
/// path. So the first flush after the first writes compares the paths at just these places, and fails when they differ:
/// nothing that was written is taken for durable then. It is repeated until every path was read and something else than
/// zeroes was seen.
final class WatchedMap: BlockDevice {
    /// Looks at the paths; nil where the map is not there.
    typealias Look = @Sendable () -> MapProof?

    private enum Confirmation {
        case outstanding(notBefore: Int64)
        case running
        case done
    }

    /// Between two looks that told nothing, in nanoseconds: a path may be down for days.
    private static let pause: Int64 = 10 * 1_000_000_000

    private let device: any BlockDevice
    private let places: WrittenPlaces
    private let look: Look
    private let steady: any SteadyClock
    private let confirmation = Mutex<Confirmation>(.outstanding(notBefore: .min))
    private let hasWritten = Mutex(false)

    init(_ device: any BlockDevice, places: WrittenPlaces, steady: any SteadyClock, look: @escaping Look) {
        self.device = device
        self.places = places
        self.steady = steady
        self.look = look
    }

    var name: String { device.name }
    var size: ByteCount { device.size }
    var logicalBlockSize: Int { device.logicalBlockSize }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        try device.read(into: &buffer, at: offset)
    }

    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        try device.write(bytes, at: offset)
        places.note(offset)
        hasWritten.withLock { $0 = true }
    }

    func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        try device.writeZeroes(at: offset, count: count)
        places.note(offset)
        hasWritten.withLock { $0 = true }
    }

    func flush() throws(DeviceError) {
        try device.flush()
        try confirm()
    }

    func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        try device.firstDataRange(in: range)
    }

    private func confirm() throws(DeviceError) {
        guard hasWritten.withLock({ $0 }) else { return }
        let now = steady.nanoseconds()
        let isDue = confirmation.withLock { confirmation in
            guard case .outstanding(let notBefore) = confirmation, now >= notBefore else { return false }
            confirmation = .running
            return true
        }
        guard isDue else { return }
        let proof = look()
        let isProven = proof.map { $0.refusal == nil && !$0.isBlank } ?? false
        confirmation.withLock { $0 = isProven ? .done : .outstanding(notBefore: now + Self.pause) }
        if let difference = proof?.difference {
            // The next flush must not pass either.
            confirmation.withLock { $0 = .outstanding(notBefore: .min) }
            throw DeviceError(
                .inputOutput, operation: "compare the paths of", object: name,
                detail: "\(difference) Nothing more is written to it")
        }
    }
}
