// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import Glibc

/// The socket of a service manager: takes the datagrams that a service sends to `$NOTIFY_SOCKET`.
///
/// Source: man 3 sd_notify.
final class NotifyListener {
    private let descriptor: Int32
    let path: String
    private(set) var messages: [String] = []

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        // SAFETY: the pointer is used only during the call, and the length is that of what it points to.
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
        }
        guard descriptor >= 0, result == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    }

    deinit { _ = close(descriptor) }

    /// Takes what has come.
    func receive() {
        while true {
            var buffer = [UInt8](repeating: 0, count: 4096)
            // SAFETY: the buffer outlives the call.
            let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return }
            messages.append(String(decoding: buffer.prefix(count), as: UTF8.self))
        }
    }

    /// How many messages assign that.
    func count(_ assignment: String) -> Int {
        receive()
        return messages.count { $0.split(separator: "\n").contains { $0 == assignment } }
    }
}
