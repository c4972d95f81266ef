// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization
import Testing

struct DiskThreadTests {
    private struct Refused: Error {}

    @Test func `work is done in order, and all of it before the thread ends`() {
        let thread = DiskThread(name: "test")
        let done = Mutex<[Int]>([])
        for number in 0..<1000 { thread.run { done.withLock { $0.append(number) } } }
        thread.finish()
        #expect(done.withLock { $0 } == Array(0..<1000))
    }

    @Test func `work that is queued by work is done too`() {
        let thread = DiskThread(name: "test")
        let done = Mutex(false)
        thread.run { thread.run { done.withLock { $0 = true } } }
        thread.finish()
        #expect(done.withLock { $0 })
    }

    @Test func `a caller gets the value or the error`() async throws {
        let thread = DiskThread(name: "a name longer than the kernel keeps")
        #expect(try await thread.run { 42 } == 42)
        await #expect(throws: Refused.self) { try await thread.run { throw Refused() } }
        thread.finish()
        thread.finish()
    }
}
