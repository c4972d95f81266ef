// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

extension Frame {
    /// Everything up to and including this source sequence. 8 sequence.
    public struct Position: FrameBody, Hashable, Sendable {
        /// A source sequence.
        public let sequence: UInt64

        /// A position.
        public init(sequence: UInt64) { self.sequence = sequence }

        init(reading body: inout FrameReader) throws(ProtocolError) { sequence = try body.integer() }

        func write(to buffer: inout ByteBuffer) { buffer.writeInteger(sequence, endianness: .little) }
    }

    /// How much may be sent. 8 total.
    public struct Credit: FrameBody, Hashable, Sendable {
        /// Bytes of data ever permitted in this session; never decreases. What was sent counts uncompressed, and a Zero
        /// counts ``WireLimits/zeroCreditBytes``.
        public let total: UInt64

        /// A grant.
        public init(total: UInt64) { self.total = total }

        init(reading body: inout FrameReader) throws(ProtocolError) { total = try body.integer() }

        func write(to buffer: inout ByteBuffer) { buffer.writeInteger(total, endianness: .little) }
    }

    /// Why the receiver is slow. 1 cause, 4 hold (milliseconds to send no data; 0: the hold is over), 2 + n sentence.
    public struct Throttle: FrameBody, Hashable, Sendable {
        /// What the receiver waits for.
        public enum Cause: UInt8, Sendable {
            case journal = 0
            case target = 1
            case quota = 2
        }

        /// What the receiver waits for.
        public let cause: Cause
        /// Milliseconds to send no data; 0: the hold is over.
        public let holdMilliseconds: UInt32
        /// A sentence for the sender's operator; at most ``WireLimits/maximumMessageBytes`` bytes of UTF-8.
        public let message: String

        /// A throttle.
        ///
        /// - Parameter message: Cut at ``WireLimits/maximumMessageBytes``.
        public init(_ cause: Cause, holdMilliseconds: UInt32, message: String) {
            self.cause = cause
            self.holdMilliseconds = holdMilliseconds
            self.message = message.truncated(toBytes: WireLimits.maximumMessageBytes)
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            cause = try body.choice(Cause.self, named: "cause")
            holdMilliseconds = try body.integer()
            message = try body.string(atMost: WireLimits.maximumMessageBytes)
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(cause.rawValue, holdMilliseconds, endianness: .little)
            buffer.writeText(message)
        }
    }

    /// Liveness of an idle connection. 8 nonce, 1 isAnswer. A question is answered with its nonce.
    public struct Ping: FrameBody, Hashable, Sendable {
        /// A number that the answer repeats.
        public let nonce: UInt64
        /// False: a question. True: the answer to one.
        public let isAnswer: Bool

        /// A question, or the answer to one.
        public init(nonce: UInt64, isAnswer: Bool = false) {
            self.nonce = nonce
            self.isAnswer = isAnswer
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            nonce = try body.integer()
            isAnswer = try body.bool()
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(nonce, UInt8(isAnswer ? 1 : 0), endianness: .little)
        }
    }

    /// The last frame of a session, with its reason. 2 code, 2 + n sentence.
    public struct Close: FrameBody, Hashable, Sendable {
        /// Why the session ends, for programs; a number that is not known is ``ReasonCode/unspecified``.
        public let code: ReasonCode
        /// Why the session ends, as a sentence; at most ``WireLimits/maximumMessageBytes`` bytes of UTF-8.
        public let message: String

        /// The end of a session.
        ///
        /// - Parameter message: Cut at ``WireLimits/maximumMessageBytes``.
        public init(_ code: ReasonCode, _ message: String) {
            self.code = code
            self.message = message.truncated(toBytes: WireLimits.maximumMessageBytes)
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            code = ReasonCode(rawValue: try body.integer()) ?? .unspecified
            message = try body.string(atMost: WireLimits.maximumMessageBytes)
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeInteger(code.rawValue, endianness: .little)
            buffer.writeText(message)
        }
    }
}
