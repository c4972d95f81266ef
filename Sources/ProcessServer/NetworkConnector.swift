// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import NIOPosix
import NIOSSL
import ReplicationProtocol
import StoragePrimitives

/// Makes sessions: a TCP connection, TLS 1.3, Hello, Welcome.
final class NetworkConnector: Sendable {
    private let group: any EventLoopGroup
    private let identity: TLSIdentity
    private let address: ServerAddress
    private let admission: Admission

    init(group: any EventLoopGroup, identity: TLSIdentity, settings: ProcessServerSettings) {
        self.group = group
        self.identity = identity
        address = settings.server
        admission = Admission(masterTarget: settings.masterTarget, revokedSerials: settings.revokedSerials)
    }

    var host: String { identity.host }

    /// Connects and waits for the Welcome. Blocks; on the worker's thread.
    func connect(
        _ hello: Frame.Hello, signal: WorkerSignal, clock: any SteadyClock,
        throttled: @escaping @Sendable (Frame.Throttle) -> Void
    ) throws(ProcessServerError) -> (link: ReplicationLink, welcome: Frame.Welcome) {
        let link = ReplicationLink(hello: hello, signal: signal, clock: clock, throttled: throttled)
        let context = identity.context
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(.seconds(10))
            .channelOption(.socketOption(.so_sndbuf), value: 4 << 20)
            .channelInitializer { [admission] channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers([
                        tls, LinkHandler(link: link, admission: admission),
                    ])
                }
            }
        bootstrap.connect(host: address.host, port: address.port).whenFailure { [address] error in
            link.fail(ProcessServerError(.connectionFailed, "No connection to \(address): \(error)."))
        }
        do {
            let welcome = try link.waitFor { $0.welcome }
            return (link, welcome)
        } catch {
            link.close(.finished, "the session was not opened")
            throw error
        }
    }
}
