// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import StoragePrimitives
import Synchronization

/// One session with a master target, as the worker's thread sees it: calls that block until there is room.
///
/// The worker is the only one that sends data, so that the order of frames is the order of the session machine's
/// answers. The event loop feeds what was received to the same machine, under the lock, and rings the worker's bell.
final class ReplicationLink: Sendable {
    /// Bytes handed to the channel that the network has not taken: deep enough to keep TLS and the socket busy.
    static let maximumOutstandingBytes = 4 << 20

    struct Shared: ~Copyable {
        var session: SenderSession
        var channel: (any Channel)?
        var welcome: Frame.Welcome?
        var failure: ProcessServerError?
        var durable: UInt64 = 0
        var applied: UInt64 = 0
        var answers: [Frame.DigestAnswer] = []
        var durableSyncs: Set<DiskNumber> = []
        var bookmarkRequests: [Frame.BookmarkRequest] = []
        /// The newest comparison that was asked for.
        var verifyRequest: Frame.VerifyRequest?
        /// Steady time until which no data may be sent.
        var holdUntil: Int64 = 0
        var throttle: Frame.Throttle?
        var outbox: [ByteBuffer] = []
        var isDraining = false
        /// Bytes in the outbox and in the channel.
        var outstanding = 0
        /// Whether ``channel`` is known to be gone.
        var isClosed = false
    }

    let shared: Mutex<Shared>
    let signal: WorkerSignal
    let clock: any SteadyClock
    /// Told when the receiver makes it wait for another cause than before, or lets it go on (a hold of 0). On the event
    /// loop, under the lock: does not block.
    private let throttled: @Sendable (Frame.Throttle) -> Void
    /// Nanoseconds that the worker waited for credit, the hold or the network: what compression is decided by.
    let blocked = Atomic<Int64>(0)
    /// Bytes sent: frames with their payloads.
    let sentBytes = Atomic<UInt64>(0)

    init(
        hello: Frame.Hello, signal: WorkerSignal, clock: any SteadyClock,
        throttled: @escaping @Sendable (Frame.Throttle) -> Void = { _ in }
    ) {
        shared = Mutex(Shared(session: SenderSession(hello)))
        self.throttled = throttled
        self.signal = signal
        self.clock = clock
    }

    // MARK: Sending, on the worker's thread

    /// Sends what the machine allows, waiting for credit and for the network.
    ///
    /// - Parameters:
    ///   - isData: Whether the receiver's hold applies to it.
    ///   - payload: What follows the frame; nothing for frames without payload.
    func send(
        isData: Bool = false, payload: ByteBuffer? = nil,
        _ event: @Sendable (inout SenderSession) -> SenderSession.SendAction
    ) throws(ProcessServerError) {
        while true {
            try signal.check()
            let now = clock.nanoseconds()
            let outcome = shared.withLock { shared -> Outcome in
                if let failure = shared.failure { return .fail(failure) }
                guard shared.outstanding < Self.maximumOutstandingBytes else { return .wait(1_000_000_000) }
                if isData, shared.holdUntil > now { return .wait(shared.holdUntil - now) }
                switch event(&shared.session) {
                case .send(let frame): return enqueue(frame, payload, &shared)
                case .awaitCredit: return .wait(1_000_000_000)
                case .refuse(let error): return .fail(ProcessServerError(.refused, error.message))
                }
            }
            switch outcome {
            case .sent(let channel):
                if let channel { drainSoon(channel) }
                return
            case .fail(let error): throw error
            case .wait(let nanoseconds):
                try signal.wait(nanoseconds: min(nanoseconds, 1_000_000_000))
                blocked.add(clock.nanoseconds() - now, ordering: .relaxed)
            }
        }
    }

    private enum Outcome {
        /// With the channel when nobody is about to drain the outbox.
        case sent((any Channel)?)
        case wait(Int64)
        case fail(ProcessServerError)
    }

    private func enqueue(_ frame: Frame, _ payload: ByteBuffer?, _ shared: inout Shared) -> Outcome {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(64)
        FrameEncoder.encode(frame, to: &bytes)
        var count = bytes.readableBytes
        shared.outbox.append(bytes)
        if let payload {
            count += payload.readableBytes
            shared.outbox.append(payload)
        }
        shared.outstanding += count
        sentBytes.add(UInt64(count), ordering: .relaxed)
        guard !shared.isDraining else { return .sent(nil) }
        shared.isDraining = true
        return .sent(shared.channel)
    }

    private func drainSoon(_ channel: any Channel) {
        channel.eventLoop.execute { [self] in drain(channel) }
    }

    /// Writes what is in the outbox. On the event loop.
    private func drain(_ channel: any Channel) {
        let buffers = shared.withLock { shared in
            shared.isDraining = false
            let buffers = shared.outbox
            shared.outbox = []
            return buffers
        }
        guard let last = buffers.last else { return }
        let bytes = buffers.reduce(0) { $0 + $1.readableBytes }
        for buffer in buffers.dropLast() { channel.write(buffer, promise: nil) }
        channel.writeAndFlush(last).whenComplete { [self] _ in
            // A write that failed closes the channel, which tells the worker.
            shared.withLock { $0.outstanding -= bytes }
            signal.ring()
        }
    }

    /// Says farewell and closes. The other end has everything that was sent before.
    func close(_ code: ReasonCode, _ message: String) {
        let (channel, isOpen) = shared.withLock { shared -> ((any Channel)?, Bool) in
            if let frame = shared.session.close(code, message) {
                var bytes = ByteBuffer()
                FrameEncoder.encode(frame, to: &bytes)
                shared.outstanding += bytes.readableBytes
                shared.outbox.append(bytes)
            }
            if shared.failure == nil {
                shared.failure = ProcessServerError(.connectionFailed, "The session was ended here: \(message)")
            }
            return (shared.channel, !shared.isClosed)
        }
        guard let channel, isOpen else { return }
        channel.eventLoop.execute { [self] in
            drain(channel)
            channel.close(promise: nil)
        }
    }

    /// The sequence of the next batch or bookmark; 1 when the session is gone, which the next send tells.
    var nextSequence: UInt64 { shared.withLock { $0.session.nextSequence ?? 1 } }

    // MARK: Waiting, on the worker's thread

    /// Waits until `look` answers something.
    func waitFor<Value: Sendable>(_ look: @Sendable (inout Shared) -> Value?) throws(ProcessServerError) -> Value {
        while true {
            let (found, failure) = shared.withLock { shared -> (Value?, ProcessServerError?) in
                if let found = look(&shared) { return (found, nil) }
                return (nil, shared.failure)
            }
            if let found { return found }
            if let failure { throw failure }
            try signal.wait()
        }
    }

    /// Waits until the receiver calls `sequence` durable.
    func awaitDurable(_ sequence: UInt64) throws(ProcessServerError) {
        _ = try waitFor { shared in shared.durable >= sequence ? true : nil } as Bool
    }

    func awaitApplied(_ sequence: UInt64) throws(ProcessServerError) {
        _ = try waitFor { shared in shared.applied >= sequence ? true : nil } as Bool
    }

    /// Throws what ended the session, if anything did.
    func check() throws(ProcessServerError) {
        if let failure = shared.withLock({ $0.failure }) { throw failure }
        try signal.check()
    }

    // MARK: Events, on the event loop

    func connected(_ channel: any Channel) {
        shared.withLock { shared in
            shared.channel = channel
            switch shared.session.connected() {
            case .send(let frame): reply(frame, &shared)
            case .ignore: break
            }
        }
    }

    /// Puts a control frame at the end of the outbox.
    private func reply(_ frame: Frame, _ shared: inout Shared) {
        switch enqueue(frame, nil, &shared) {
        case .sent(let channel):
            if let channel { drainSoon(channel) }
        case .wait, .fail: break
        }
    }

    func tick() {
        let failure = shared.withLock { shared -> ProtocolError? in
            switch shared.session.tick() {
            case .none: return nil
            case .send(let frame):
                reply(frame, &shared)
                return nil
            case .giveUp(let error): return error
            }
        }
        if let failure { fail(ProcessServerError(.connectionFailed, failure.message)) }
    }

    /// Ends the session from the event loop's side.
    func fail(_ error: ProcessServerError) {
        let channel = shared.withLock { shared -> (any Channel)? in
            if shared.failure == nil { shared.failure = error }
            shared.session.disconnected()
            return shared.isClosed ? nil : shared.channel
        }
        signal.ring()
        channel?.close(promise: nil)
    }

    func closed() {
        shared.withLock { $0.isClosed = true }
        fail(ProcessServerError(.connectionFailed, "The connection to the master target was lost."))
    }

    /// A frame came. Answers whether the connection goes on.
    func received(_ frame: Frame) -> Bool {
        let failure = shared.withLock { shared -> ProcessServerError? in
            switch shared.session.received(frame) {
            case .ignore, .creditGrew: return nil
            case .welcomed(let welcome):
                shared.durable = welcome.lastDurable
                shared.welcome = welcome
                return nil
            case .refused(let refuse):
                return ProcessServerError(
                    .refused, "The master target refuses the session: \(refuse.message) (\(refuse.code))",
                    retryAfterNanoseconds: Int64(refuse.retryAfterMilliseconds) * 1_000_000,
                    isPermanent: Self.isPermanent(refuse.code))
            case .durable(let sequence):
                shared.durable = max(shared.durable, sequence)
                return nil
            case .applied(let sequence):
                shared.applied = max(shared.applied, sequence)
                return nil
            case .throttled(let throttle):
                let hold = min(throttle.holdMilliseconds, WireLimits.maximumHoldMilliseconds)
                let isNew = hold > 0 ? shared.throttle?.cause != throttle.cause : shared.throttle != nil
                shared.throttle = hold > 0 ? throttle : nil
                shared.holdUntil = clock.nanoseconds() + Int64(hold) * 1_000_000
                if isNew { throttled(throttle) }
                return nil
            case .digestsAnswered(let answer):
                shared.answers.append(answer)
                return nil
            case .syncDurable(let disk):
                shared.durableSyncs.insert(disk)
                return nil
            case .bookmarkRequested(let request):
                // A receiver that asks faster than passes are made is answered for the newest only.
                if shared.bookmarkRequests.count >= 16 { shared.bookmarkRequests.removeFirst() }
                shared.bookmarkRequests.append(request)
                return nil
            case .verifyRequested(let request):
                shared.verifyRequest = request
                return nil
            case .send(let frame):
                reply(frame, &shared)
                return nil
            case .closed(let close):
                return ProcessServerError(
                    .refused, "The master target ended the session: \(close.message) (\(close.code))",
                    isPermanent: Self.isPermanent(close.code))
            case .violated(let error, let frame):
                reply(frame, &shared)
                return ProcessServerError(.connectionFailed, "The master target broke the protocol: \(error.message)")
            }
        }
        if let failure {
            fail(failure)
            return false
        }
        signal.ring()
        return true
    }

    /// Codes that no number of attempts changes.
    private static func isPermanent(_ code: ReasonCode) -> Bool {
        switch code {
        case .unsupportedVersion, .roleNotAdmitted, .hostNotAdmitted, .staleFencingToken, .superseded, .unknownGroup,
            .disksDiffer, .diskSizeDiffers, .logicalBlockSizeDiffers:
            true
        default: false
        }
    }
}
