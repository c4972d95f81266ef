// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Hummingbird
import NIOCore

/// What comes with a request: the connection it came on, to know whose it is.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Who is at the other end of a unix domain socket.
///
/// Source: man 7 unix, SO_PEERCRED: `struct ucred`, the process that connected, as the kernel saw it then.
struct PeerCredentials: Sendable {
    let process: Int32
    let user: UInt32
    let group: UInt32

    /// The number of `SO_PEERCRED` on Linux (asm-generic/socket.h).
    private static let option: Int32 = 17

    /// Nil where the system does not tell, as for a connection that is gone.
    static func of(_ channel: any Channel) async -> PeerCredentials? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        let future: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: option))
        // Only the log is poorer for it.
        return try? await future.get()
    }
}
