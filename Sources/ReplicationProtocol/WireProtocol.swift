// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What both ends agree on before the first byte.
public enum WireProtocol {
    /// The one version spoken; a Hello of another is refused by name. What each one brought stands in this target's
    /// documentation.
    public static let version: UInt16 = 3
    /// The TLS application protocol (RFC 7301). A peer that does not offer it never reaches the decoder.
    public static let alpn = "mtrp/1"
    /// Seed of the header checksum: the remains of another protocol never pass for a header.
    package static let headerSeed: UInt64 = 0x6d74_7270_2f31_0001
    /// Seed of the body checksum: a body never passes for a header.
    package static let bodySeed: UInt64 = 0x6d74_7270_2f31_0002
}

/// Every limit that a peer's bytes are held against, with its reason.
public enum WireLimits {
    /// Any frame that comes whole, but Digests. 256 disks described in a Hello take less than 48 KiB.
    public static let maximumControlBytes = 64 << 10
    /// Digests of one frame: with a granularity of 256 KiB one frame covers a gibibyte in 64 KiB of bytes.
    public static let maximumDigests = 4096
    /// Body of a Digests frame: its fixed part and that many digests of 16 bytes.
    public static let maximumDigestsBytes = Frame.Digests.fixedBytes + maximumDigests * 16
    /// Digests frames that wait for their answer: bounds what a session keeps to 16 × 64 KiB.
    public static let maximumUnansweredDigests = 16
    /// Uncompressed data of one Write: one checksum covers it, and a history extent is never longer.
    public static let maximumWriteBytes = Extent.maximumDataBytes
    /// Data of one Write that a sender makes unless told otherwise: long enough for the disks, short enough to
    /// interleave.
    public static let defaultWriteBytes = 256 << 10
    /// Disks of one group; ASR protects up to 64 disks a machine.
    public static let maximumDisks = 256
    /// Bytes of a host id (a UUID has 36), of a group's name and of a bookmark's label.
    public static let maximumNameBytes = 128
    /// Bytes of a source disk's id: a WWID with its prefix, or a path by id.
    public static let maximumSourceIDBytes = 256
    /// Bytes of a sentence for people.
    public static let maximumMessageBytes = 512
    /// Bytes of a disk's resync reason: 256 of them fit a Welcome.
    public static let maximumReasonBytes = 160
    /// Longest hold that a sender obeys, in milliseconds: a receiver that wants a longer one renews it.
    public static let maximumHoldMilliseconds: UInt32 = 60_000
    /// Shortest digest range: a page, below which the digests rival the data.
    public static let minimumGranularity = 4096
    /// Longest digest range, that of one Write: past it a changed byte costs too much to resend.
    public static let maximumGranularity = maximumWriteBytes
    /// Credit that a Zero takes: it carries no payload, but its description is memory that has to be bounded as well.
    public static let zeroCreditBytes = 512
    /// Largest logical block size that a disk may have; SBC-4 devices have 512 or 4096.
    public static let maximumLogicalBlockSize = 64 << 10
}
