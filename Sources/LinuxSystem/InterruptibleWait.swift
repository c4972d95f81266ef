// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import Glibc
import StoragePrimitives

/// Waits until a descriptor of a C library has something to read, and can be called off from another thread.
public final class InterruptibleWait: Sendable {
    /// What ended a wait.
    public enum Outcome: Sendable {
        case readable
        case interrupted
        case timedOut
    }

    /// An event counter; once it is written it stays readable, so an interruption before the wait is not lost.
    private let event: Int32

    /// A wait that has not been called off.
    public init() throws(DeviceError) {
        event = CLinux_eventfd()
        guard event >= 0 else { throw systemError("eventfd", "a wait") }
    }

    deinit { _ = Glibc::close(event) }

    /// Blocks until there is something to read, or the wait is called off, which it then is for good.
    ///
    /// - Parameter milliseconds: How long at most; negative for ever. Source: man 2 poll.
    public func wait(for descriptor: Int32, milliseconds: Int32 = -1) throws(DeviceError) -> Outcome {
        var descriptors = [
            pollfd(fd: event, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds)
            if count < 0 {
                if errno == EINTR { continue }
                throw systemError("poll", "descriptor \(descriptor)")
            }
            if descriptors[0].revents != 0 { return .interrupted }
            return count == 0 ? .timedOut : .readable
        }
    }

    /// Calls the wait off. Source: man 2 eventfd.
    public func interrupt() {
        var one: UInt64 = 1
        // A counter that is full is readable as well, so a failure changes nothing.
        unsafe _ = Glibc::write(event, &one, 8)
    }
}
