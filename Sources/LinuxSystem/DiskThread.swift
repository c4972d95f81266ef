// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import Glibc
import Synchronization

/// A thread of its own for blocking I/O: runs what it is given, in order, one at a time.
///
/// Neither an event loop nor the cooperative pool may wait for a disk; what does, waits here.
public final class DiskThread: Sendable {
    private struct Queue {
        var work: [@Sendable () -> Void] = []
        var isFinishing = false
    }

    private let queue = Mutex(Queue())
    private let bell = Doorbell()
    private let ended = Doorbell()

    /// - Parameter name: As `top -H` shows it; the kernel keeps 15 characters.
    public init(name: String) {
        let body = Body { [self] in
            _ = unsafe CLinux_nameThread(name)
            loop()
            ended.ring()
        }
        startThread(body)
    }

    /// Queues `work` and returns.
    public func run(_ work: @escaping @Sendable () -> Void) {
        queue.withLock { $0.work.append(work) }
        bell.ring()
    }

    /// Runs `work` on the thread and waits for it without blocking the caller's.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            run { continuation.resume(with: Result { try work() }) }
        }
    }

    /// Lets the queue run empty, ends the thread and waits for that. Must not be called on the thread itself.
    public func finish() {
        queue.withLock { $0.isFinishing = true }
        bell.ring()
        ended.wait()
        ended.ring()
    }

    private func loop() {
        while true {
            let (work, isFinishing) = queue.withLock { queue in
                let work = queue.work
                queue.work = []
                return (work, queue.isFinishing)
            }
            for item in work { item() }
            if work.isEmpty {
                if isFinishing { return }
                bell.wait()
            }
        }
    }
}

/// What a new thread is handed through the C interface.
private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func startThread(_ body: Body) {
    var thread = pthread_t()
    // SAFETY: the thread takes over the reference that is passed retained.
    let code = unsafe pthread_create(
        &thread, nil,
        { argument in
            if let argument = unsafe argument {
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            }
            return nil
        }, Unmanaged.passRetained(body).toOpaque())
    precondition(code == 0, "the system refused a thread: error \(code)")
    pthread_detach(thread)
}
