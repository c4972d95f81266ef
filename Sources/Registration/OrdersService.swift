// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Logging
import ServiceLifecycle

/// Does what the configuration server orders, and knows how far it is.
public protocol OrdersHandler: Sendable {
    /// How far everything is; `isMoving` when that changes soon, and the server wants to hear it then.
    func progress() async -> (tasks: [SiteTaskReport], assignments: [SiteAssignmentReport], isMoving: Bool)

    /// All that is wanted now. Returns soon: what takes long goes on by itself.
    func received(_ orders: SiteOrders) async
}

/// Fetches orders for as long as it runs, and tells how far they are. The server answers as soon as there is something
/// new; while something moves here, it is told every second.
package struct OrdersService {
    private let endpoints: [ServerEndpoint]
    private let credentials: Credentials
    private let handler: any OrdersHandler
    private let logger: Logger
    private let clock: any Clock<Duration>

    private static let movingInterval = Duration.seconds(1)
    /// Not less than this between two questions, whatever the server answers.
    private static let leastInterval = Duration.milliseconds(50)

    package init(
        endpoints: [ServerEndpoint], credentials: Credentials, handler: any OrdersHandler, logger: Logger,
        clock: any Clock<Duration>
    ) {
        self.endpoints = endpoints
        self.credentials = credentials
        self.handler = handler
        self.logger = logger
        self.clock = clock
    }

    package func run() async {
        var schedule = RetrySchedule()
        while !Task.isCancelled {
            do {
                try await FirstAnswer.of(endpoints) { endpoint in
                    try await ServerConnection.with(endpoint, trusting: .authority(credentials)) { connection in
                        schedule.succeeded(nextSeconds: 1)
                        try await exchange(over: &connection)
                    }
                }
            } catch {
                if Task.isCancelled { return }
                let isTransient = (error as? ConfigurationFailure).map { $0.code == .unavailable } ?? true
                if isTransient { schedule.failed() } else { schedule.refused() }
                // The heartbeat tells it where everybody looks.
                logger.debug("Orders cannot be fetched.", metadata: ["reason": "\(error)"])
                // Cancellation is the end of the loop.
                try? await clock.sleep(for: .seconds(schedule.pause(chance: .random(in: 0..<1))))
            }
        }
    }

    private func exchange(over connection: inout ServerConnection) async throws {
        var revision: UInt64 = 0
        while !Task.isCancelled {
            let progress = await handler.progress()
            let orders: SiteOrders = try await connection.post(
                ConfigurationPath.exchange,
                SiteExchange(
                    revision: revision, waitSeconds: progress.isMoving ? 0 : SiteExchange.maximumWaitSeconds,
                    tasks: progress.tasks, assignments: progress.assignments))
            let isNew = orders.revision != revision
            if isNew {
                revision = orders.revision
                await handler.received(orders)
            }
            // Cancellation is the end of the loop.
            try? await clock.sleep(for: progress.isMoving && !isNew ? Self.movingInterval : Self.leastInterval)
        }
    }
}
