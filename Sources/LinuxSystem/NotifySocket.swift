// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc

/// Tells systemd how the service is, by its datagram protocol.
///
/// Source: man 3 sd_notify, "Notes": newline-separated assignments in one datagram to the `AF_UNIX` socket that
/// `$NOTIFY_SOCKET` names; a leading `@` stands for the abstract namespace. Without the variable nothing is sent.
public final class NotifySocket: Sendable {
    private let path: String?

    /// The socket that `$NOTIFY_SOCKET` names.
    ///
    /// - Parameter path: Nil or empty: nobody listens, and nothing is sent.
    public init(path: String?) { self.path = path.flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether anybody listens.
    public var isActive: Bool { path != nil }

    /// The service has started: `READY=1`.
    ///
    /// - Parameter status: A line for `systemctl status`.
    public func ready(status: String) { send("READY=1\nSTATUS=\(oneLine(status))") }
    /// A line for `systemctl status`.
    public func status(_ status: String) { send("STATUS=\(oneLine(status))") }
    /// The service is alive: `WATCHDOG=1`.
    public func watchdog() { send("WATCHDOG=1") }
    /// The service has begun to stop: `STOPPING=1`.
    public func stopping() { send("STOPPING=1\nSTATUS=Draining") }

    private func oneLine(_ text: String) -> String { text.split(whereSeparator: \.isNewline).joined(separator: " ") }

    /// A datagram that cannot be sent is dropped: the service manager notices its absence, which is the purpose.
    private func send(_ message: String) {
        guard let path else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity else { return }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1)
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        defer { _ = Glibc::close(number) }
        let payload = Array(message.utf8)
        // SAFETY: both pointers are used only during the call, and the lengths are those of what they point to.
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                unsafe payload.withUnsafeBytes {
                    unsafe sendto(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), target, socklen_t(length))
                }
            }
        }
    }
}
