// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import LinuxSystem
import Logging
import ServiceLifecycle

/// A server that may be registered: what it says, what it is told, and how that is shown.
public protocol RegisteredHost: HeartbeatSource, OrdersHandler {
    /// It is registered now, as another than before or for the first time; nil when it is not any more.
    func became(_ registration: RegistrationFolder.Registration?) async

    /// The registration is there and cannot be read, as a sentence.
    func cannotRegister(_ problem: String) async
}

/// Follows a configuration server for as long as the machine is registered with one. Looks twice a second whether that has
/// changed, so that a server is seen as soon as it is registered.
public struct RegistrationService: Service {
    private let folder: RegistrationFolder
    private let host: any RegisteredHost
    private let thread: DiskThread
    private let logger: Logger
    private let clock: any Clock<Duration>

    private static let interval = Duration.milliseconds(500)

    /// - Parameter thread: Where the folder is read; owned by the caller.
    public init(
        _ folder: RegistrationFolder, host: any RegisteredHost, thread: DiskThread, logger: Logger,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.folder = folder
        self.host = host
        self.thread = thread
        self.logger = logger
        self.clock = clock
    }

    /// Runs until it is told to end; nothing keeps it from trying.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if var registration = await load(orElse: nil) {
                    // Another certificate, or another address, is no other life.
                    while let next = await follow(registration) { registration = next }
                    if !Task.isCancelled { await host.became(nil) }
                }
                await pause()
            }
        }
    }

    /// - Parameter former: What counts while the folder is being changed.
    private func load(orElse former: RegistrationFolder.Registration?) async -> RegistrationFolder.Registration? {
        do {
            return try await thread.run { [folder] in try folder.load() }
        } catch {
            if former == nil {
                await host.cannotRegister("The registration in \(folder.path) cannot be read: \(error)")
            }
            return former
        }
    }

    /// Until the registration is another one.
    ///
    /// - Returns: That one; nil when there is none any more, or at the end.
    private func follow(
        _ registration: RegistrationFolder.Registration
    ) async -> RegistrationFolder.Registration? {
        await host.became(registration)
        let heartbeats = HeartbeatService(
            registration.endpoints, credentials: registration.credentials, source: host, logger: logger, clock: clock)
        let orders = OrdersService(
            endpoints: registration.endpoints, credentials: registration.credentials, handler: host, logger: logger,
            clock: clock)
        return await withDiscardingTaskGroup { tasks in
            defer { tasks.cancelAll() }
            // It ends with cancellation, and fails for nothing else.
            tasks.addTask { try? await heartbeats.run() }
            tasks.addTask { await orders.run() }
            while !Task.isCancelled {
                await pause()
                let now = await load(orElse: registration)
                guard let now, Self.isSame(now, registration) else { return now }
            }
            return nil
        }
    }

    /// What was taken back since is no other registration.
    private static func isSame(
        _ one: RegistrationFolder.Registration, _ other: RegistrationFolder.Registration
    ) -> Bool {
        one.endpoints == other.endpoints && one.credentials == other.credentials
            && one.record.registered == other.record.registered
    }

    // Cancellation is the end of every loop.
    private func pause() async { try? await clock.sleep(for: Self.interval) }
}
