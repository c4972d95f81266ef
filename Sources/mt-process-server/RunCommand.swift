// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import LinuxSystem
import Logging
import ProcessServer
import Registration
import ServiceLifecycle
import StoragePrimitives

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Replicates every group that the configuration server assigns.",
        discussion: """
            The options hold for every group; commands find its name in MT_GROUP. While the configuration server is \
            away, what it assigned last goes on. For a failover the source machines have to be stopped: a command given \
            with --stop-source does it, and is followed by one last pass. Without one, the failover asks the operator \
            to stop them.
            """)

    @OptionGroup var place: StateOption
    @OptionGroup var options: ReplicationOptions

    @Option(
        help: ArgumentHelp(
            "Stops the source machines of the group MT_GROUP for good; status 0 says that nothing writes any more.",
            valueName: "command"))
    var stopSource: String?

    @Option(help: ArgumentHelp("Time after which the command that stops the sources is killed.", valueName: "time"))
    var stopTimeout: String = "10m"

    func validate() throws { _ = try ReplicationOptions.time(stopTimeout, "--stop-timeout") }

    func run() async throws {
        MemoryPolicy.keepSmallBuffers()
        let logger = Logger(label: "mt-process-server") { _ in
            JournalLogHandler(level: .info, write: { Terminal.write($0, toError: true) })
        }
        let thread = DiskThread(name: "mt-registration")
        let desk = AssignmentDesk(
            registration: place.registration, statePath: place.state, thread: thread,
            terms: AssignmentTerms(
                options: options, stopSource: stopSource,
                stopTimeout: try ReplicationOptions.time(stopTimeout, "--stop-timeout")),
            logger: logger)
        let service = RegistrationService(place.registration, host: desk, thread: thread, logger: logger)
        let notify = NotifySocket(path: Terminal.environment("NOTIFY_SOCKET"))
        let services = ServiceGroup(
            configuration: .init(
                services: [.init(service: service)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        notify.ready(status: "Following the configuration server")
        try await services.run()
        notify.stopping()
        await desk.stop()
        thread.finish()
    }
}
