// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import Logging
import MetricsEndpoint
import Registration
import ServiceLifecycle
import StoragePrimitives

/// A whole appliance: its services, wired.
public struct Appliance: Sendable {
    /// What the services share.
    public let core: ApplianceCore
    private let group: ServiceGroup

    /// Opening and draining block; they have a thread of their own, one for the whole process.
    private static let thread = DiskThread(name: "mt-appliance")

    /// Opens the state folder and reads what is in it.
    ///
    /// - Parameter handlesSignals: Whether SIGTERM and SIGINT end it in order; a test ends it with ``stop()``.
    public init(
        _ configuration: ApplianceConfiguration, clock: any WallClock = SystemClock(), notify: NotifySocket,
        logger: Logger, handlesSignals: Bool = true
    ) async throws {
        try await self.init(
            configuration, clock: clock, ports: AppliancePorts(), notify: notify, logger: logger,
            handlesSignals: handlesSignals)
    }

    /// Opens the state folder on a machine that a test may stand in for.
    package init(
        _ configuration: ApplianceConfiguration, clock: any WallClock, ports: AppliancePorts, notify: NotifySocket,
        logger: Logger, handlesSignals: Bool
    ) async throws {
        core = try await Self.thread.run {
            try ApplianceCore(configuration, clock: clock, ports: ports, logger: logger)
        }
        let metrics = MetricsSource { [core] in await core.metrics() }
        // Ended in the reverse order: first nobody may ask for anything new, then the listener, then the watch.
        group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: Watch(core: core, notify: notify, logger: logger)),
                    .init(service: DiskWatch(core: core, logger: logger, clock: ports.pauses)),
                    .init(service: HealthWatch(core: core, logger: logger, clock: ports.pauses)),
                    .init(service: MetricsWatch(core: core, clock: ports.pauses)),
                    .init(service: ReplicationService(core: core, logger: logger, clock: ports.pauses)),
                    .init(service: NBDService(core: core, logger: logger, clock: ports.pauses)),
                    .init(
                        service: RegistrationService(
                            RegistrationFolder(path: configuration.registrationPath),
                            host: ApplianceRegistration(core: core, logger: logger), thread: core.files,
                            logger: logger, clock: ports.pauses)),
                    .init(
                        service: MetricsListener(
                            configuration.metrics, source: metrics, logger: logger, clock: ports.pauses
                        ) { [core] state in core.metricsListener.withLock { $0?.take(state) } }),
                    .init(service: ControlService(core: core, metrics: metrics, logger: logger)),
                ], gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: logger))
    }

    /// Waits until the control socket accepts connections.
    public func ready() async { await core.readiness.wait() }

    /// Begins the orderly end of ``run()``.
    public func stop() {
        // The group ends itself; nobody has to wait for the order to arrive.
        Task { [group] in await group.triggerGracefulShutdown() }
    }

    /// Runs until it is told to end, then drains: sessions end, jobs run out, everything is made durable.
    public func run() async throws {
        await core.groups.start()
        core.failLostJobs()
        let outcome: Result<Void, any Error>
        do {
            try await group.run()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await Self.thread.run { [core] in core.drain() }
        try outcome.get()
    }
}
