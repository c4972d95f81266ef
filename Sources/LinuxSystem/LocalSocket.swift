// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// A connection to a stream socket on this machine, with one deadline for all that is said on it.
///
/// Blocks: not on the cooperative pool. Source: man 7 unix, man 2 connect, man 2 poll.
public struct LocalSocket: ~Copyable {
    /// Why a conversation could not be held.
    public enum Failure: Error, Hashable, Sendable {
        /// Nobody listens at the address.
        case absent
        /// The address may not be connected to by who runs this process.
        case permissionDenied
        /// The deadline passed.
        case timedOut
        /// The peer closed after that many bytes of what was asked for.
        case closed(received: Int)
        /// The system's words for anything else.
        case failed(DeviceError)
    }

    private let descriptor: FileDescriptor
    private let clock: any SteadyClock
    private let deadline: Int64

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: A path, or with a leading `@` a name in the abstract namespace.
    ///   - timeout: Nanoseconds for the whole conversation, connecting included.
    public init(address: String, timeout: Int64, clock: any SteadyClock) throws(Failure) {
        let deadline = clock.nanoseconds() + timeout
        let descriptor = try FileDescriptor(streamSocketCalled: address)
        try Self.connect(descriptor.number, to: address, clock: clock, deadline: deadline)
        self.descriptor = descriptor
        self.clock = clock
        self.deadline = deadline
    }

    private static func connect(
        _ number: Int32, to address: String, clock: any SteadyClock, deadline: Int64
    ) throws(Failure) {
        var bytes = Array(address.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
            throw .failed(
                DeviceError(.outOfRange, operation: "connect", object: address, detail: "the address is too long"))
        }
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1))
        while true {
            // SAFETY: the pointer is used during the call only, and the length is within what it points to.
            let answer = unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc::connect(number, $0, length)
                }
            }
            if answer == 0 { return }
            switch errno {
            case ECONNREFUSED, ENOENT, ENOTDIR: throw .absent
            case EACCES, EPERM: throw .permissionDenied
            case EINTR: continue
            // Its queue is full: a local socket answers at once, and poll does not tell when there is room.
            case EAGAIN:
                guard clock.nanoseconds() < deadline else { throw .timedOut }
                var pause = timespec(tv_sec: 0, tv_nsec: 5_000_000)
                unsafe _ = nanosleep(&pause, nil)
            default: throw .failed(systemError("connect", address))
            }
        }
    }

    /// Sends all of `bytes`.
    public func send(_ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // SAFETY: the pointer is used during the call only, and the length is that of what it points to.
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc::send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: POLLOUT)
            case EPIPE, ECONNRESET: throw .closed(received: 0)
            default: throw .failed(systemError("send", descriptor.path))
            }
        }
    }

    /// Receives exactly `count` bytes. The caller has compared the count with a limit.
    public func receive(_ count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            // SAFETY: done < count keeps the pointer and the length inside the array, for the call only.
            let part = unsafe bytes.withUnsafeMutableBytes {
                unsafe recv(descriptor.number, $0.baseAddress.map { unsafe $0 + done }, count - done, 0)
            }
            if part > 0 {
                done += part
                continue
            }
            guard part < 0 else { throw .closed(received: done) }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: POLLIN)
            case ECONNRESET: throw .closed(received: done)
            default: throw .failed(systemError("recv", descriptor.path))
            }
        }
        return bytes
    }

    private func wait(for events: Int32) throws(Failure) {
        let left = deadline - clock.nanoseconds()
        guard left > 0 else { throw .timedOut }
        var entry = pollfd(fd: descriptor.number, events: Int16(events), revents: 0)
        // In short turns, so that the deadline holds by the clock that was handed in.
        let milliseconds = Int32(clamping: min(max(1, left / 1_000_000), 100))
        // SAFETY: one entry, alive during the call.
        if unsafe poll(&entry, 1, milliseconds) < 0, errno != EINTR {
            throw .failed(systemError("poll", descriptor.path))
        }
    }
}

extension FileDescriptor {
    /// man 2 socket: a local stream socket that never blocks.
    fileprivate init(streamSocketCalled name: String) throws(LocalSocket.Failure) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw .failed(systemError("socket", name)) }
        self.init(adopting: number, path: name)
    }
}
