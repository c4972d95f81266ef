// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import Synchronization
import Testing

struct DiskThreadPoolTests {
    @Test func `no more than its threads work at a time, and all of it is done`() {
        let pool = DiskThreadPool(name: "test", threads: 3)
        let now = Mutex((working: 0, most: 0, done: 0))
        let together = Doorbell()
        for _ in 0..<200 {
            pool.run {
                now.withLock { now in
                    now.working += 1
                    now.most = max(now.most, now.working)
                    if now.working == 3 { together.ring() }
                }
                // The first ones wait for each other, which shows that there are three.
                _ = now.withLock { $0.done } == 0 ? together.wait(nanoseconds: 200_000_000) : true
                together.ring()
                now.withLock { now in
                    now.working -= 1
                    now.done += 1
                }
            }
        }
        pool.finish()
        let (working, most, done) = now.withLock { $0 }
        #expect(working == 0)
        #expect(most == 3)
        #expect(done == 200)
    }

    @Test func `work that waits is done in its order`() {
        let pool = DiskThreadPool(name: "test", threads: 1)
        let order = Mutex<[Int]>([])
        for number in 0..<100 { pool.run { order.withLock { $0.append(number) } } }
        pool.finish()
        #expect(order.withLock { $0 } == Array(0..<100))
    }

    @Test(arguments: [
        ("/a/b/c", "/a/b", "c"), ("/c", "/", "c"), ("c", ".", "c"), ("a/c", "a", "c"), ("/a/", "/a", ""), ("", ".", ""),
    ])
    func `a path has two ends`(path: String, folder: String, name: String) {
        #expect(PathText.split(path) == (folder, name))
    }
}
