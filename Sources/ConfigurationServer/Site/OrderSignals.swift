// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Synchronization

/// Those who wait until something changes for a server: a bounded number, each until its time is over.
final class OrderSignals: Sendable {
    /// The most that wait for one name: the one that waits longest is let go for another, because a server that connects
    /// again leaves its former connection behind.
    static let maximumForName = 4
    /// The most that wait at all; more are let go at once.
    static let maximum = 8192

    private struct State {
        var generations: [String: UInt64] = [:]
        var waiting: [String: [(id: UInt64, continuation: CheckedContinuation<Void, Never>)]] = [:]
        var count = 0
        var nextID: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Counts the changes for a name. Taken before what changed is read, so that no change is missed in between.
    func generation(_ name: String) -> UInt64 { state.withLock { $0.generations[name] ?? 0 } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Lets all go who wait for these names.
    func changed(_ names: some Sequence<String>) {
        let waiting = state.withLock { state in
            Set(names).flatMap { name in
                state.generations[name, default: 0] &+= 1  // compared for being the same only
                let waiting = state.waiting.removeValue(forKey: name) ?? []
                state.count -= waiting.count
                return waiting.map(\.continuation)
            }
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Lets everybody go, now and from now on.
    func close() {
        let names = state.withLock { state in
            state.isClosed = true
            return Array(state.waiting.keys)
        }
        changed(names)
    }

    /// Waits until something changed since a generation, or the time is over, or nobody wants to know any more.
    func wait(for name: String, since generation: UInt64, atMost limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: name, since: generation) }
            // Cancellation is the end of the pause.
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(for name: String, since generation: UInt64) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                for released in enter(name, generation, id, continuation) { released.resume() }
            }
        } onCancel: {
            leave(name, id)?.resume()
        }
    }

    /// - Returns: Who does not wait any more.
    private func enter(
        _ name: String, _ generation: UInt64, _ id: UInt64, _ continuation: CheckedContinuation<Void, Never>
    ) -> [CheckedContinuation<Void, Never>] {
        state.withLock { state in
            guard !state.isClosed, !Task.isCancelled, state.generations[name] ?? 0 == generation,
                state.count < Self.maximum
            else { return [continuation] }
            var waiting = state.waiting[name] ?? []
            waiting.append((id, continuation))
            state.count += 1
            var released: [CheckedContinuation<Void, Never>] = []
            if waiting.count > Self.maximumForName {
                released.append(waiting.removeFirst().continuation)
                state.count -= 1
            }
            state.waiting[name] = waiting
            return released
        }
    }

    private func leave(_ name: String, _ id: UInt64) -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            guard var waiting = state.waiting[name], let place = waiting.firstIndex(where: { $0.id == id }) else {
                return nil
            }
            let continuation = waiting.remove(at: place).continuation
            state.waiting[name] = waiting.isEmpty ? nil : waiting
            state.count -= 1
            return continuation
        }
    }
}
