// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// One frame of the protocol. The bytes of a Write's payload are not part of it: they follow it.
public enum Frame: Hashable, Sendable {
    case hello(Hello)
    case batchBegin(BatchBegin)
    case write(Write)
    case zero(Zero)
    case batchEnd(BatchEnd)
    case bookmark(Bookmark)
    case syncBegin(SyncBegin)
    case digests(Digests)
    case syncWrite(Write)
    case syncZero(Zero)
    case syncEnd(SyncEnd)
    case verifyBegin(VerifyBegin)
    case verifyEnd(VerifyEnd)

    case welcome(Welcome)
    case refuse(Refuse)
    case durable(Position)
    case applied(Position)
    case credit(Credit)
    case throttle(Throttle)
    case digestAnswer(DigestAnswer)
    case syncDurable(SyncDurable)
    case bookmarkRequest(BookmarkRequest)
    case verifyRequest(VerifyRequest)

    case ping(Ping)
    case close(Close)

    /// The type that stands in the frame's header.
    public var type: FrameType {
        switch self {
        case .hello: .hello
        case .batchBegin: .batchBegin
        case .write: .write
        case .zero: .zero
        case .batchEnd: .batchEnd
        case .bookmark: .bookmark
        case .syncBegin: .syncBegin
        case .digests: .digests
        case .syncWrite: .syncWrite
        case .syncZero: .syncZero
        case .syncEnd: .syncEnd
        case .verifyBegin: .verifyBegin
        case .verifyEnd: .verifyEnd
        case .welcome: .welcome
        case .refuse: .refuse
        case .durable: .durable
        case .applied: .applied
        case .credit: .credit
        case .throttle: .throttle
        case .digestAnswer: .digestAnswer
        case .syncDurable: .syncDurable
        case .bookmarkRequest: .bookmarkRequest
        case .verifyRequest: .verifyRequest
        case .ping: .ping
        case .close: .close
        }
    }
}

/// A frame's body: its fields after the header, in the order of its byte table.
protocol FrameBody {
    init(reading body: inout FrameReader) throws(ProtocolError)
    func write(to buffer: inout ByteBuffer)
}
