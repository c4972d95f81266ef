// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A family of decoders that take bytes from outside. Each has an entry that any bytes may be given to: it must neither
/// trap nor read what it was not given, whatever they are.
///
/// Checksums are made right before most inputs are decoded: a hostile peer or volume can do that too, and without it no
/// mutation would get past them.
public enum FuzzFamily: String, CaseIterable, Sendable {
    /// The replication stream as a receiver reads it, in slices of every size.
    case senderFrames = "sender-frames"
    /// The replication stream as a sender reads it.
    case receiverFrames = "receiver-frames"
    /// Headers of history files, records of segments, state slots, index rows, summaries.
    case records
    /// A group that is opened with an epoch file of these contents, read, scrubbed and rebuilt.
    case epochFiles = "epoch-files"
    /// What an NBD server says before transmission.
    case nbdHandshake = "nbd-handshake"
    /// What an NBD server answers to reads and block status requests.
    case nbdTransmission = "nbd-transmission"
    /// What an NBD client says before transmission, and its requests where it gets that far.
    case nbdServerHandshake = "nbd-server-handshake"
    /// The requests of an NBD client.
    case nbdServerTransmission = "nbd-server-transmission"
    /// Texts of the control interface that are not read by a library: times, points, quantities.
    case controlTexts = "control-texts"

    /// Gives bytes to the family's decoders.
    public func run(_ bytes: [UInt8]) {
        switch self {
        case .senderFrames: FrameEntry.run(bytes, from: .sender)
        case .receiverFrames: FrameEntry.run(bytes, from: .receiver)
        case .records: RecordEntry.run(bytes)
        case .epochFiles: EpochFileEntry.run(bytes)
        case .nbdHandshake: NBDEntry.handshake(bytes)
        case .nbdTransmission: NBDEntry.transmission(bytes)
        case .nbdServerHandshake: NBDServerEntry.handshake(bytes)
        case .nbdServerTransmission: NBDServerEntry.transmission(bytes)
        case .controlTexts: ControlTextEntry.run(bytes)
        }
    }

    /// Well-formed inputs to begin with, the same at every call.
    public var samples: [[UInt8]] {
        switch self {
        case .senderFrames: FrameEntry.samples(from: .sender)
        case .receiverFrames: FrameEntry.samples(from: .receiver)
        case .records: RecordEntry.samples
        case .epochFiles: EpochFileEntry.samples
        case .nbdHandshake: NBDEntry.handshakeSamples
        case .nbdTransmission: NBDEntry.transmissionSamples
        case .nbdServerHandshake: NBDServerEntry.handshakeSamples
        case .nbdServerTransmission: NBDServerEntry.transmissionSamples
        case .controlTexts: ControlTextEntry.samples
        }
    }
}

extension [UInt8] {
    /// A little-endian number, or nil past the end.
    func little<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T? {
        guard offset >= 0, offset + T.bitWidth / 8 <= count else { return nil }
        return (0..<T.bitWidth / 8).reduce(0) { $0 | T(truncatingIfNeeded: self[offset + $1]) << T($1 * 8) }
    }

    /// Puts a little-endian number where there is room for it.
    mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        guard offset >= 0, offset + T.bitWidth / 8 <= count else { return }
        for index in 0..<T.bitWidth / 8 { self[offset + index] = UInt8(truncatingIfNeeded: value >> T(index * 8)) }
    }
}
