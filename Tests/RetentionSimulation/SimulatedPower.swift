// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// The power supply and the fault injector that all simulated disks hang on. Every I/O passes through it.
public final class SimulatedPower: Sendable {
    /// Which I/Os are to fail.
    public struct Faults: Sendable {
        /// I/Os until the power is cut; nil for never.
        public var cutAfter: Int?
        /// One I/O in this many fails; 0 for none.
        public var readFailureOneIn = 0
        /// One write in this many fails, and may be torn; 0 for none.
        public var writeFailureOneIn = 0
        /// One sync in this many fails; 0 for none.
        public var syncFailureOneIn = 0

        /// One request for room in this many is refused; 0 for none.
        public var noRoomOneIn = 0
        /// One sector in this many that is read of the retention volume is another one of its file; 0 for none.
        public var misdirectedReadOneIn = 0

        /// No faults.
        public init() {}
    }

    private struct State {
        var generator: SeededGenerator
        var faults = Faults()
        var isOff = false
        var operations = 0
    }

    /// The sorts of I/O that faults tell apart.
    public enum Operation { case read, write, sync, metadata }

    /// In a structure: a bare closure in a `Mutex` is wrapped once more by every look at it.
    private struct Interleaving {
        var pause: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>
    private let interleaving = Mutex(Interleaving())

    /// A supply that is on; `seed` decides which I/O a fault meets.
    public init(seed: UInt64) { state = Mutex(State(generator: SeededGenerator(seed: seed))) }

    /// Whether the power is off: every I/O fails until ``restore()``.
    public var isOff: Bool { state.withLock { $0.isOff } }
    /// I/Os so far.
    public var operations: Int { state.withLock { $0.operations } }

    /// Sets the faults that the I/Os from here on meet.
    public func set(_ faults: Faults) { state.withLock { $0.faults = faults } }

    /// Turns the power on and takes all faults away.
    public func restore() {
        state.withLock { state in
            state.isOff = false
            state.faults = Faults()
        }
    }

    /// Calls `pause` before every I/O, from the thread that does it.
    func interleave(_ pause: @escaping @Sendable () -> Void) { interleaving.withLock { $0.pause = pause } }

    func random(below bound: Int) -> Int { state.withLock { Int.random(in: 0..<bound, using: &$0.generator) } }

    /// Whether the volume says that it is full, whatever it holds.
    var refusesRoom: Bool {
        state.withLock { state in
            let odds = state.faults.noRoomOneIn
            return !state.isOff && odds > 0 && state.generator.oneIn(odds)
        }
    }

    /// Whether the next sector that is read is another one.
    var misdirects: Bool {
        state.withLock { state in
            let odds = state.faults.misdirectedReadOneIn
            return odds > 0 && state.generator.oneIn(odds)
        }
    }

    /// Whether the operation takes place. A write that is cut short may have taken place in part: `.torn`.
    enum Outcome { case happens, fails, torn }

    func outcome(_ operation: Operation) -> Outcome {
        let pause = interleaving.withLock { $0.pause }
        pause?()
        return state.withLock { state in
            guard !state.isOff else { return .fails }
            state.operations += 1
            if let left = state.faults.cutAfter {
                if left <= 0 {
                    state.isOff = true
                    return operation == .write ? .torn : .fails
                }
                state.faults.cutAfter = left - 1
            }
            let odds =
                switch operation {
                case .read: state.faults.readFailureOneIn
                case .write: state.faults.writeFailureOneIn
                case .sync: state.faults.syncFailureOneIn
                case .metadata: 0
                }
            guard odds > 0, state.generator.oneIn(odds) else { return .happens }
            return operation == .write ? .torn : .fails
        }
    }
}
