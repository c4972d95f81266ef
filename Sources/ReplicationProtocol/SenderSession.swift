// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The process server's end of a session: what may be sent when, and what a received frame means.
///
/// ```
/// idle ─connected─► greeted ─Welcome─► open ─Close, violation, close()─► closed
///                      └──Refuse──────────────────────────────────────────►┘
/// ```
///
/// Does no I/O and knows no time. The caller sends the frames that actions carry, calls ``tick()`` every third of the
/// idle timeout, and sends a payload right after the Write that announces it.
public struct SenderSession: ~Copyable {
    /// An open session.
    struct Open {
        let welcome: Frame.Welcome
        let disks: DiskTable
        var credit: CreditAccount
        /// The source sequence that the next batch or bookmark has.
        var nextSequence: UInt64
        var lastDurable: UInt64
        var lastApplied: UInt64 = 0
        var batch: BatchProgress?
        var syncs: SyncTable
        var liveness = LivenessCounter()
    }

    enum State: ~Copyable {
        case idle(Frame.Hello)
        case greeted(Frame.Hello, LivenessCounter)
        case open(Open)
        case closed
    }

    var state: State

    /// - Parameter hello: What the sender says of itself; also the disks that every range is held against.
    public init(_ hello: Frame.Hello) { state = .idle(hello) }

    init(_ state: consuming State) { self.state = state }

    // MARK: What the caller asks about

    /// Bytes of data that may be sent now; 0 while no session is open.
    public var availableCredit: UInt64 {
        switch state {
        case .open(let open): open.credit.available
        case .idle: 0
        case .greeted: 0
        case .closed: 0
        }
    }

    /// The source sequence of the next batch or bookmark, or nil while no session is open.
    public var nextSequence: UInt64? {
        switch state {
        case .open(let open): open.nextSequence
        case .idle: nil
        case .greeted: nil
        case .closed: nil
        }
    }

    /// Whether a session is open.
    public var isOpen: Bool {
        switch state {
        case .open: true
        case .idle: false
        case .greeted: false
        case .closed: false
        }
    }

    // MARK: Events

    /// What the caller does when the connection is up.
    public enum ConnectedAction: Hashable, Sendable {
        case send(Frame)
        /// The connection is not the machine's first: a new session needs a new machine.
        case ignore
    }

    /// The TLS handshake is complete.
    public mutating func connected() -> ConnectedAction {
        switch consume state {
        case .idle(let hello):
            self = Self(.greeted(hello, LivenessCounter()))
            return .send(.hello(hello))
        case .greeted(let hello, let liveness):
            self = Self(.greeted(hello, liveness))
            return .ignore
        case .open(let open):
            self = Self(.open(open))
            return .ignore
        case .closed:
            self = Self(.closed)
            return .ignore
        }
    }

    /// What the caller does about the time that went by.
    public enum TickAction: Hashable, Sendable {
        case none
        case send(Frame)
        /// The receiver is silent: close the connection and try again later.
        case giveUp(ProtocolError)
    }

    /// A third of the idle timeout went by.
    public mutating func tick() -> TickAction {
        switch consume state {
        case .idle(let hello):
            self = Self(.idle(hello))
            return .none
        case .greeted(let hello, var liveness):
            // Nothing may be sent before the Welcome, so silence is only counted.
            switch liveness.tick() {
            case .alive, .ask:
                self = Self(.greeted(hello, liveness))
                return .none
            case .dead:
                self = Self(.closed)
                return .giveUp(Self.silence)
            }
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
                return .giveUp(Self.silence)
            }
        case .closed:
            self = Self(.closed)
            return .none
        }
    }

    private static var silence: ProtocolError {
        ProtocolError(.idleTimeout, "Nothing came from the receiver for the idle timeout; the connection is given up.")
    }

    /// The sender ends the session; the frame, if any, is the last one.
    public mutating func close(_ code: ReasonCode, _ message: String) -> Frame? {
        switch consume state {
        case .idle:
            self = Self(.closed)
            return nil
        case .greeted:
            self = Self(.closed)
            return .close(Frame.Close(code, message))
        case .open:
            self = Self(.closed)
            return .close(Frame.Close(code, message))
        case .closed:
            self = Self(.closed)
            return nil
        }
    }

    /// The connection is gone.
    public mutating func disconnected() { state = .closed }
}
