// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Which end sends a frame.
public enum FrameOrigin: Sendable, Hashable {
    case sender, receiver
}

/// The type of a frame: byte 4 of its header.
public enum FrameType: UInt8, Sendable, CaseIterable {
    // From the sender.
    case hello = 1
    case batchBegin = 2
    case write = 3
    case zero = 4
    case batchEnd = 5
    case bookmark = 6
    case syncBegin = 7
    case digests = 8
    case syncWrite = 9
    case syncZero = 10
    case syncEnd = 11
    case verifyBegin = 12
    case verifyEnd = 13

    // From the receiver.
    case welcome = 32
    case refuse = 33
    case durable = 34
    case applied = 35
    case credit = 36
    case throttle = 37
    case digestAnswer = 38
    case syncDurable = 39
    case bookmarkRequest = 40
    case verifyRequest = 41

    // From either.
    case ping = 64
    case close = 65

    /// Whether a frame of this type may come from `origin`.
    public func mayCome(from origin: FrameOrigin) -> Bool {
        switch self {
        case .hello, .batchBegin, .write, .zero, .batchEnd, .bookmark, .syncBegin, .digests, .syncWrite, .syncZero,
            .syncEnd, .verifyBegin, .verifyEnd:
            origin == .sender
        case .welcome, .refuse, .durable, .applied, .credit, .throttle, .digestAnswer, .syncDurable, .bookmarkRequest,
            .verifyRequest:
            origin == .receiver
        case .ping, .close:
            true
        }
    }

    /// Whether the body is a fixed part followed by a payload that is streamed.
    public var hasPayload: Bool {
        switch self {
        case .write, .syncWrite: true
        case .hello, .batchBegin, .zero, .batchEnd, .bookmark, .syncBegin, .digests, .syncZero, .syncEnd, .verifyBegin,
            .verifyEnd, .welcome, .refuse, .durable, .applied, .credit, .throttle, .digestAnswer, .syncDurable,
            .bookmarkRequest, .verifyRequest, .ping, .close:
            false
        }
    }

    /// The longest body of this type, in bytes.
    public var maximumBodyBytes: Int {
        switch self {
        case .write, .syncWrite:
            Frame.Write.fixedBytes + WireLimits.maximumWriteBytes
        case .digests:
            WireLimits.maximumDigestsBytes
        case .hello, .welcome:
            WireLimits.maximumControlBytes
        case .refuse, .close, .throttle, .digestAnswer, .bookmark, .bookmarkRequest:
            // A sentence or a label, or a bit for each of 4,096 digests.
            1024
        case .batchBegin, .zero, .batchEnd, .syncBegin, .syncZero, .syncEnd, .durable, .applied, .credit,
            .syncDurable, .verifyBegin, .verifyEnd, .verifyRequest, .ping:
            // A handful of integers.
            64
        }
    }
}
