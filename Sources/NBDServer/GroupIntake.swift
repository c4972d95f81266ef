// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import RetentionStore
import StoragePrimitives
import Synchronization

/// Takes the writes of all of a group's exports into the group, in one order.
///
/// Each handful of writes is a batch: the journal makes it durable with the next of its syncs, which never wait for a
/// FLUSH, so that a client that sends none loses a fraction of a second at most. A FLUSH waits for everything before it,
/// on whatever connection it came (the protocol's multi-conn). After a crash the disks show a prefix of this order.
///
/// What is not on the targets yet is read only after it is: a read that meets such a write waits for it.
public final class GroupIntake: Sendable {
    /// What a wait ended with: nil when what was waited for is so.
    typealias Outcome = @Sendable (IntakeFailure?) -> Void

    struct Wait {
        let sequence: UInt64
        let then: Outcome
    }

    private struct State {
        var accepted: UInt64
        var durable: UInt64
        var applied: UInt64
        /// Data that the store keeps in memory.
        var heldBytes = 0
        var durableWaits: [Wait] = []
        var appliedWaits: [Wait] = []
        var unapplied: UnappliedWrites
        var accuracy: Accuracy
        /// The connections of which it was said that they follow the source.
        var inStep: Set<UInt64> = []
        /// The connections that have written.
        var writers: Set<UInt64> = []
        var lastTime: Timestamp
        var connections: [UInt64: NBDReplies] = [:]
        var nextConnection: UInt64 = 1
        var isHolding = false
        var failure: IntakeFailure?
    }

    private let state: Mutex<State>
    let group: RetentionGroup
    private let window: Int
    private let clock: any WallClock
    let pool: BufferPool

    /// Batches that may wait for the journal, besides the bytes: a batch of zeroes has none.
    private static let maximumWaiting: UInt64 = 4096
    /// A connected client that writes nothing has nothing to write: its disks are as old as that.
    private static let standstillSeconds: Int64 = 10

    /// Begins where the group stands, and is the one that it reports to.
    ///
    /// - Parameters:
    ///   - window: Bytes that the store may keep in memory for it.
    ///   - pool: Where payloads are received into.
    public init(_ group: RetentionGroup, window: ByteCount, pool: BufferPool, clock: any WallClock) {
        self.group = group
        self.window = window.int
        self.pool = pool
        self.clock = clock
        let position = group.ingestPosition
        state = Mutex(
            State(
                accepted: position.accepted, durable: position.durable, applied: group.status.appliedSource,
                unapplied: UnappliedWrites(floor: position.accepted), accuracy: .notGuaranteed, lastTime: clock.now()))
        group.observe { [weak self] event in self?.received(event) }
        // What happened before anybody was told.
        let status = group.status
        received(.durable(sourceSequence: status.durableSource))
        received(.applied(sourceSequence: status.appliedSource))
        if let failure = status.failure { received(.failed(failure)) }
    }

    // MARK: For operators

    /// Clients that are connected now.
    public var connectionCount: Int { state.withLock { $0.connections.count } }

    /// How surely the newest point is one moment of the source.
    public var accuracy: Accuracy { state.withLock { $0.accuracy } }

    /// The disks show their source now, and as long as the clients stay connected every write comes in the order in which
    /// the source made it: a mirror in step, or a copy that is complete. Nothing on the wire tells that; an operator, or
    /// the script that started the mirror, does.
    public func declareInStep() throws(RetentionError) {
        try standStill(as: .exact)
    }

    /// Tells the group that time has passed although nothing was written, while clients are connected.
    public func keepUp() {
        let isDue = state.withLock { state in
            state.failure == nil && !(state.inStep.isEmpty && state.writers.isEmpty) && !state.isHolding
                && clock.now().nanoseconds(since: state.lastTime) >= Self.standstillSeconds * 1_000_000_000
        }
        // When it is not taken, it was nothing.
        if isDue { try? standStill(as: nil) }
    }

    private func standStill(as accuracy: Accuracy?) throws(RetentionError) {
        var builder = PartBuilder(pool: pool)
        _ = try append(builder.take(), as: accuracy)
    }

    /// Ends all connections; when it returns, nothing of them touches the group any more.
    public func end(_ reason: String) {
        fail(IntakeFailure(.shutdown, reason))
        group.observe(nil)
    }

    // MARK: Connections

    /// - Returns: The connection's number, or nil when all has ended.
    func attach(_ replies: NBDReplies) -> UInt64? {
        let (number, isHolding) = state.withLock { state -> (UInt64?, Bool) in
            guard state.failure == nil else { return (nil, false) }
            let number = state.nextConnection
            state.nextConnection += 1
            state.connections[number] = replies
            return (number, state.isHolding)
        }
        if isHolding { replies.hold() }
        return number
    }

    func detach(_ number: UInt64) {
        state.withLock { state in
            guard state.connections.removeValue(forKey: number) != nil else { return }
            // A mirror that has lost a connection may have lost writes.
            state.writers.remove(number)
            guard state.inStep.remove(number) != nil else { return }
            state.accuracy = .notGuaranteed
        }
    }

    // MARK: Writes

    /// Takes writes in, after all that came before.
    ///
    /// - Parameters:
    ///   - connection: Whose they are; nil for none's.
    ///   - accuracy: Of the points from here on; nil leaves it.
    /// - Returns: Their place in the order.
    func append(
        _ part: BatchPart, from connection: UInt64? = nil, as accuracy: Accuracy? = nil
    ) throws(RetentionError) -> UInt64 {
        let (result, held) = state.withLock { state -> (Result<UInt64, RetentionError>, [NBDReplies]) in
            if let failure = state.failure { return (.failure(RetentionError(.closed, failure.message)), []) }
            if let connection {
                state.writers.insert(connection)
                // Whose writes these are, and whether they follow the source, nobody has said.
                if !state.inStep.contains(connection) { state.accuracy = .notGuaranteed }
            }
            let now = max(clock.now(), state.lastTime)
            let stamp = BatchStamp(
                sourceSequence: state.accepted + 1, firstTime: now, lastTime: now,
                accuracy: accuracy ?? state.accuracy)
            do throws(RetentionError) {
                try group.append(part, of: stamp, isLast: true)
            } catch {
                return (.failure(error), [])
            }
            state.accepted += 1
            state.lastTime = now
            state.heldBytes += part.payloadBytes
            if let accuracy {
                state.accuracy = accuracy
                state.inStep = Set(state.connections.keys)
            }
            state.unapplied.add(part.extents, sequence: state.accepted)
            guard !state.isHolding, isFull(state) else { return (.success(state.accepted), []) }
            state.isHolding = true
            return (.success(state.accepted), Array(state.connections.values))
        }
        for replies in held { replies.hold() }
        return try result.get()
    }

    private func isFull(_ state: borrowing State) -> Bool {
        state.heldBytes >= window || state.accepted - state.durable >= Self.maximumWaiting
    }

    /// Whether writers have to wait.
    var isHolding: Bool { state.withLock { $0.isHolding } }

    /// Calls back when a place in the order is durable; nil: all that was accepted so far.
    func whenDurable(_ sequence: UInt64? = nil, _ then: @escaping Outcome) {
        let (failure, isSo) = state.withLock { state -> (IntakeFailure?, Bool) in
            if let failure = state.failure { return (failure, false) }
            let sequence = sequence ?? state.accepted
            if state.durable >= sequence { return (nil, true) }
            state.durableWaits.append(Wait(sequence: sequence, then: then))
            return (nil, false)
        }
        if failure != nil || isSo { then(failure) }
    }

    /// Calls back when the targets show every write to the range that was accepted so far.
    func whenApplied(_ disk: DiskNumber, _ sectors: Range<UInt64>, _ then: @escaping Outcome) {
        let (failure, isSo) = state.withLock { state -> (IntakeFailure?, Bool) in
            if let failure = state.failure { return (failure, false) }
            let sequence = state.unapplied.newest(disk, sectors)
            if state.applied >= sequence { return (nil, true) }
            state.appliedWaits.append(Wait(sequence: sequence, then: then))
            return (nil, false)
        }
        if failure != nil || isSo { then(failure) }
    }

    // MARK: What the store tells

    private func received(_ event: RetentionEvent) {
        switch event {
        case .durable(let sequence):
            answer { state in
                state.durable = max(state.durable, sequence)
                return state.durableWaits.takeUp(to: state.durable)
            }
        case .applied(let sequence):
            answer { state in
                state.applied = max(state.applied, sequence)
                state.unapplied.forget(upTo: state.applied)
                return state.appliedWaits.takeUp(to: state.applied)
            }
        case .released(let bytes):
            answer { state in
                // It may have been taken in by the session before.
                state.heldBytes = max(0, state.heldBytes - bytes)
                return []
            }
        case .syncDurable: break
        case .failed(let error): fail(IntakeFailure(.inputOutput, error.message))
        }
    }

    /// Changes the state, calls back who waited for that, and lets connections go on that were held.
    private func answer(_ change: (inout State) -> [Wait]) {
        let (waits, released) = state.withLock { state -> ([Wait], [NBDReplies]) in
            let waits = change(&state)
            // Half of it, so that they do not stop and go with every write.
            guard state.isHolding, state.heldBytes <= window / 2,
                state.accepted - state.durable <= Self.maximumWaiting / 2
            else { return (waits, []) }
            state.isHolding = false
            return (waits, Array(state.connections.values))
        }
        for wait in waits { wait.then(nil) }
        for replies in released { replies.goOn() }
    }

    private func fail(_ failure: IntakeFailure) {
        let (waits, connections) = state.withLock { state -> ([Wait], [NBDReplies]) in
            guard state.failure == nil else { return ([], []) }
            state.failure = failure
            defer {
                state.durableWaits = []
                state.appliedWaits = []
                state.connections = [:]
            }
            return (state.durableWaits + state.appliedWaits, Array(state.connections.values))
        }
        for wait in waits { wait.then(failure) }
        for replies in connections { replies.cut(failure.message) }
    }
}

/// Why an intake takes nothing any more, in the words of the protocol and in ours.
struct IntakeFailure: Sendable {
    let error: NBDReplyError
    let message: String

    init(_ error: NBDReplyError, _ message: String) {
        self.error = error
        self.message = message
    }
}

extension [GroupIntake.Wait] {
    /// Takes out those that a number fulfils.
    fileprivate mutating func takeUp(to sequence: UInt64) -> [GroupIntake.Wait] {
        guard !isEmpty else { return [] }
        let due = filter { $0.sequence <= sequence }
        if !due.isEmpty { removeAll { $0.sequence <= sequence } }
        return due
    }
}
