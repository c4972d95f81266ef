// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// The server's side of transmission: requests in, each compared with what was agreed on; ``replies`` makes what goes out.
///
/// ```
/// header ──write──► payload ──all of it──► header
///   │ └──write that is refused──► skipping ──all of it, refused──► header
///   ├──disconnect──► over
///   └──wrong magic, write over the limit──► failed
/// ```
///
/// It does not know which requests wait: a client that reuses a cookie too early confuses itself alone, and how many are
/// taken at a time is for the caller to bound. Payloads are slices of the caller's buffer: where nothing is left in it, the next
/// bytes from the network should replace it, since to append to a buffer that has slices copies it.
/// Source: NBD protocol, "Transmission phase".
public struct NBDServerTransmission: ~Copyable {
    /// What the next bytes from the client mean.
    public enum Element: Equatable {
        /// Nothing to do until more bytes come.
        case wait
        /// A request to carry out and answer. The data of a write follows as `.payload`.
        case request(NBDRequest)
        /// The next bytes of the write that was told last, in the pieces in which they come, never empty, never copied.
        case payload(ByteBuffer, isLast: Bool)
        /// Send this: a request was refused. The data of a write has been skipped. A client can cause these as fast as it
        /// sends; whoever sends them stops to take more while the client does not read.
        case refused(ByteBuffer)
        /// The client says farewell: finish what waits, then close the connection. Nothing more is told.
        case disconnect
    }

    private enum Input {
        case header
        case payload(remaining: Int)
        /// In the data of a write that `refusal` answers once all of it came: clients need not read while they write.
        case skipping(remaining: Int, refusal: ByteBuffer)
        case over
        case failed
    }

    /// What was agreed on.
    public let terms: NBDSessionTerms
    private var input = Input.header

    /// The transmission that follows a handshake.
    public init(terms: NBDSessionTerms) { self.terms = terms }

    /// Makes the replies of this session.
    public var replies: NBDReplyEncoder { NBDReplyEncoder(isStructured: terms.hasStructuredReplies) }

    /// Takes what it can use off the front of `bytes`. Called again until it answers `.wait` or `.disconnect`; what it leaves
    /// then is less than a header.
    ///
    /// - Throws: ``NBDError`` when the connection has to be closed: the bytes are no request, or a write is longer than
    ///   ``NBDLimit/writeBytes``.
    public mutating func received(_ bytes: inout ByteBuffer) throws(NBDError) -> Element {
        do {
            while true {
                if let element = try step(&bytes) { return element }
            }
        } catch {
            input = .failed
            throw error
        }
    }

    /// One message or a piece of one; nil when it was taken and tells nothing yet.
    private mutating func step(_ bytes: inout ByteBuffer) throws(NBDError) -> Element? {
        switch input {
        case .header: return try receivedHeader(&bytes)
        case .payload(let remaining):
            guard let slice = bytes.readSlice(length: min(remaining, bytes.readableBytes)), slice.readableBytes > 0
            else { return .wait }
            let left = remaining - slice.readableBytes
            input = left > 0 ? .payload(remaining: left) : .header
            return .payload(slice, isLast: left == 0)
        case .skipping(let remaining, let refusal):
            let count = min(remaining, bytes.readableBytes)
            bytes.moveReaderIndex(forwardBy: count)
            guard count == remaining else {
                input = .skipping(remaining: remaining - count, refusal: refusal)
                return .wait
            }
            input = .header
            return .refused(refusal)
        case .over:
            // A client must not go on after its farewell; what waits for a reply is answered all the same.
            bytes.moveReaderIndex(to: bytes.writerIndex)
            return .wait
        case .failed: throw NBDError(.protocolViolation, "the connection has failed; its machine takes no more bytes")
        }
    }

    private mutating func receivedHeader(_ bytes: inout ByteBuffer) throws(NBDError) -> Element? {
        guard let header = try RequestHeader(parsing: &bytes) else { return .wait }
        if header.command == NBDCommand.disconnect.rawValue {
            input = .over
            return .disconnect
        }
        let hasPayload = header.command == NBDCommand.write.rawValue
        guard !hasPayload || header.length <= UInt32(NBDLimit.writeBytes) else {
            throw NBDError(
                .tooLarge,
                "a write of \(header.length) bytes is over the limit of \(NBDLimit.writeBytes), even to skip it")
        }
        do throws(RequestRefusal) {
            let request = try terms.validated(header)
            if hasPayload { input = .payload(remaining: Int(request.length)) }
            return .request(request)
        } catch {
            let refusal = replies.failure(cookie: header.cookie, error.error, error.words)
            guard hasPayload else { return .refused(refusal) }
            input = .skipping(remaining: Int(header.length), refusal: refusal)
            return nil
        }
    }
}
