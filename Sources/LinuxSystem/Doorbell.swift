// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc

// SAFETY: mutex and condition live at fixed addresses from init to deinit, as pthread wants; `isRung` is touched under
// the mutex.
/// A bell that one thread waits for and any may ring. A ring before the wait is not lost; many rings count as one.
@safe public final class Doorbell: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var isRung = false

    /// A bell that has not been rung.
    public init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        // By a clock that nobody sets: a wait takes as long as it says.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Rings: who waits wakes, or the next one who would wait does not.
    public func ring() {
        unsafe pthread_mutex_lock(mutex)
        isRung = true
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Waits for a ring, and takes it.
    public func wait() {
        unsafe pthread_mutex_lock(mutex)
        while !isRung { unsafe pthread_cond_wait(condition, mutex) }
        isRung = false
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Waits for a ring at most `nanoseconds`; whether there was one.
    public func wait(nanoseconds: Int64) -> Bool {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
        let total = Int64(deadline.tv_nsec) + max(0, nanoseconds) % 1_000_000_000
        deadline.tv_sec += Int(max(0, nanoseconds) / 1_000_000_000 + total / 1_000_000_000)
        deadline.tv_nsec = Int(total % 1_000_000_000)
        unsafe pthread_mutex_lock(mutex)
        var code: Int32 = 0
        while !isRung, code == 0 { code = unsafe pthread_cond_timedwait(condition, mutex, &deadline) }
        let rung = isRung
        isRung = false
        unsafe pthread_mutex_unlock(mutex)
        return rung
    }
}
