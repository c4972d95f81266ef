// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import Testing

/// Runs tests that block on threads of their own. On the cooperative pool, which has as many threads as the machine has
/// processors, two of them would leave none for tests that only wait.
public struct OwnThreadTrait: SuiteTrait, TestTrait, TestScoping {
    /// Tests in a suite have it too.
    public var isRecursive: Bool { true }

    /// Runs one test.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // A suite is not run but its tests are.
        guard testCase != nil else { return try await function() }
        let executor = ThreadExecutor()
        try await withTaskExecutorPreference(executor) { try await function() }
        executor.finish()
    }
}

extension Trait where Self == OwnThreadTrait {
    /// See ``OwnThreadTrait``.
    public static var ownThread: OwnThreadTrait { OwnThreadTrait() }
}

/// One thread that runs a task's jobs.
final class ThreadExecutor: TaskExecutor {
    private let thread = DiskThread(name: "test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedTaskExecutor()
        thread.run { unsafe job.runSynchronously(on: executor) }
    }

    /// Ends the thread, which is another one than the caller's by now.
    func finish() { thread.finish() }
}
