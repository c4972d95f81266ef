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
            Settings come from the command line, then from the environment (MASTER_TARGET_PROCESS_SERVER_PASSES_INTERVAL \
            for passes.interval), then from the configuration file, then from defaults. They hold for every group; commands \
            find its name in MT_GROUP. While the configuration server is \
            away, what it assigned last goes on. For a failover the source machines have to be stopped: a command given \
            with --stop-source does it, and is followed by one last pass. Without one, the failover asks the operator \
            to stop them.
            """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var options: ReplicationOptions

    @Option(
        help: ArgumentHelp(
            "Stops the source machines of the group MT_GROUP for good; status 0 says that nothing writes any more.",
            valueName: "command"))
    var stopSource: String?

    @Option(
        help: ArgumentHelp(
            "Time after which the command that stops the sources is killed. (default: 10m)", valueName: "time"))
    var stopTimeout: String?

    private var said: [SettingKey: String] {
        let texts: [SettingKey: String?] = [.stopSource: stopSource, .stopTimeout: stopTimeout]
        return options.said.merging(texts.compactMapValues(\.self)) { mine, _ in mine }
    }

    func validate() throws { _ = try RunSettings(said: said) }

    func run() async throws {
        MemoryPolicy.keepSmallBuffers()
        let settings = try await settings.load(said)
        let logger = Logger(label: "mt-process-server") { _ in
            JournalLogHandler(level: .info, write: { Terminal.write($0, toError: true) })
        }
        let thread = DiskThread(name: "mt-registration")
        let desk = AssignmentDesk(settings, thread: thread, logger: logger)
        let service = RegistrationService(settings.registration, host: desk, thread: thread, logger: logger)
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
