// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Testing

struct DoorbellTests {
    @Test func `a ring before the wait is not lost, and many count as one`() {
        let bell = Doorbell()
        bell.ring()
        bell.ring()
        bell.wait()
        #expect(!bell.wait(nanoseconds: 0))
        bell.ring()
        #expect(bell.wait(nanoseconds: 1_000_000_000))
        #expect(!bell.wait(nanoseconds: -5))
    }

    @Test func `a ring from another thread wakes who waits`() {
        let (bell, answer) = (Doorbell(), Doorbell())
        let thread = DiskThread(name: "ringer")
        thread.run {
            bell.wait()
            answer.ring()
        }
        bell.ring()
        answer.wait()
        thread.finish()
    }

    @Test func `the machine's clock is past this code's first day`() {
        #expect(SystemClock().now() > Timestamp.seconds(1_700_000_000))
    }
}
