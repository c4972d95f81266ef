// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The master target's end of a session: what a frame means, and what is refused before it has any effect.
///
/// ```
/// awaitingHello ─Hello─► deciding ─admitted─► open ─Close, violation, drain, superseded─► closed
///       └─── tick, any other frame ───┴─refused────────────────────────────────────────────►┘
/// ```
///
/// Does no I/O, holds no payload and knows no time. The caller performs the actions in order and calls ``tick()`` every
/// third of the idle timeout.
public struct ReceiverSession: ~Copyable {
    /// An open session.
    struct Open {
        let disks: DiskTable
        let codecs: CodecSet
        var credit: CreditAccount
        var lastDurable: UInt64
        var lastApplied: UInt64 = 0
        /// The last source sequence that was taken.
        var lastAccepted: UInt64
        var content: Content = .none
        var payload: Payload = .none
        var syncs: SyncTable
        var liveness = LivenessCounter()
    }

    /// The batch that is open.
    enum Content {
        case none
        case batch(BatchProgress)
        /// A repeat of one that is held already: checked, acknowledged, not kept.
        case `repeat`(BatchProgress)
    }

    /// What becomes of the payload that follows the last Write.
    enum Payload {
        case none
        case keep(Frame.Write)
        case discard(Frame.Write)
    }

    enum State: ~Copyable {
        case awaitingHello
        case deciding(Frame.Hello)
        case open(Open)
        case closed
    }

    var state: State

    /// A session of a connection whose handshake is complete: it waits for the Hello.
    public init() { state = .awaitingHello }

    init(_ state: consuming State) { self.state = state }

    /// Bytes of data that the sender may still send before credit is returned; 0 while no session is open.
    public var availableCredit: UInt64 {
        switch state {
        case .awaitingHello: 0
        case .deciding: 0
        case .open(let open): open.credit.available
        case .closed: 0
        }
    }

    /// Whether the session has ended and what comes is only read to be thrown away.
    public var isClosed: Bool {
        switch state {
        case .awaitingHello: false
        case .deciding: false
        case .open: false
        case .closed: true
        }
    }

    // MARK: Admission

    /// What the caller does when the directory has decided.
    public enum AdmittedAction: Hashable, Sendable {
        case send(Frame)
        /// The peer went away while the directory was asked: release what was taken for it.
        case abandon
    }

    /// What a session that is admitted starts from.
    public struct Admission: Hashable, Sendable {
        /// A number for the logs of both ends.
        public let sessionID: UInt64
        /// Where each of the group's disks stands.
        public let disks: [Frame.Welcome.Disk]
        /// Last source sequence that is durable.
        public let lastDurable: UInt64
        /// Last source sequence that was taken, durable or soon to be.
        public let lastAccepted: UInt64
        /// Bytes that the sender may have in flight.
        public let credit: Int
        /// The codecs that the receiver takes; those that the sender offers too are agreed.
        public let codecs: CodecSet
        /// Milliseconds of silence after which the session is ended.
        public let idleTimeoutMilliseconds: UInt32

        /// What the session starts from.
        ///
        /// - Parameter lastAccepted: Raised to `lastDurable` where it is less.
        public init(
            sessionID: UInt64, disks: [Frame.Welcome.Disk], lastDurable: UInt64, lastAccepted: UInt64, credit: Int,
            codecs: CodecSet = [.lz4], idleTimeoutMilliseconds: UInt32
        ) {
            self.sessionID = sessionID
            self.disks = disks
            self.lastDurable = lastDurable
            self.lastAccepted = max(lastAccepted, lastDurable)
            self.credit = credit
            self.codecs = codecs
            self.idleTimeoutMilliseconds = idleTimeoutMilliseconds
        }
    }

    /// The directory admits the Hello, and no older session feeds the group any more.
    public mutating func admitted(_ admission: Admission) -> AdmittedAction {
        switch consume state {
        case .awaitingHello:
            self = Self(.awaitingHello)
            return .abandon
        case .deciding(let hello):
            let agreed = admission.codecs.intersection(hello.codecs)
            let account = CreditAccount(permitted: UInt64(clamping: admission.credit))
            let outOfStep = admission.disks.filter { $0.state != .differential }.map(\.number)
            self = Self(
                .open(
                    Open(
                        disks: DiskTable(hello.disks), codecs: agreed, credit: account,
                        lastDurable: admission.lastDurable, lastAccepted: admission.lastAccepted,
                        syncs: SyncTable(outOfStep: Set(outOfStep)))))
            return .send(
                .welcome(
                    Frame.Welcome(
                        sessionID: admission.sessionID, lastDurable: admission.lastDurable, credit: account.permitted,
                        codecs: agreed, idleTimeoutMilliseconds: admission.idleTimeoutMilliseconds,
                        disks: admission.disks)))
        case .open(let open):
            self = Self(.open(open))
            return .abandon
        case .closed:
            self = Self(.closed)
            return .abandon
        }
    }

    /// What the caller does to end the session.
    public enum EndAction: Hashable, Sendable {
        /// Send this as the last frame and end the connection.
        case end(Frame)
        /// The session has ended already.
        case ignore
    }

    /// The session ends from this side: refused by the directory, drained, superseded, a payload that does not match
    /// its checksum, or a store that failed. Before the Welcome the last frame is a Refuse, after it a Close.
    public mutating func end(_ code: ReasonCode, _ message: String, retryAfterMilliseconds: UInt32 = 0) -> EndAction {
        switch consume state {
        case .awaitingHello:
            self = Self(.closed)
            return .end(.refuse(Frame.Refuse(code, message, retryAfterMilliseconds: retryAfterMilliseconds)))
        case .deciding:
            self = Self(.closed)
            return .end(.refuse(Frame.Refuse(code, message, retryAfterMilliseconds: retryAfterMilliseconds)))
        case .open:
            self = Self(.closed)
            return .end(.close(Frame.Close(code, message)))
        case .closed:
            self = Self(.closed)
            return .ignore
        }
    }

    /// The connection is gone.
    public mutating func disconnected() { state = .closed }

    // MARK: Time

    /// What the caller does about the time that went by.
    public enum TickAction: Hashable, Sendable {
        case none
        case send(Frame)
        case end(ProtocolError, Frame)
    }

    /// A third of the idle timeout went by.
    public mutating func tick() -> TickAction {
        switch consume state {
        case .awaitingHello:
            self = Self(.closed)
            let message = "No Hello came within the time for it."
            return .end(ProtocolError(.handshakeTimeout, message), .refuse(Frame.Refuse(.handshakeTimeout, message)))
        case .deciding(let hello):
            self = Self(.deciding(hello))
            return .none
        case .open(var open):
            switch open.liveness.tick() {
            case .alive:
                self = Self(.open(open))
                return .none
            case .ask(let ping):
                self = Self(.open(open))
                return .send(.ping(ping))
            case .dead:
                self = Self(.closed)
                let message = "Nothing came from the sender for the idle timeout."
                return .end(ProtocolError(.idleTimeout, message), .close(Frame.Close(.idleTimeout, message)))
            }
        case .closed:
            self = Self(.closed)
            return .none
        }
    }
}
