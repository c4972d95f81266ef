// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import LinuxSystem
import Logging
import ProcessServer
import ServiceLifecycle
import StoragePrimitives

struct ReplicateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replicate", abstract: "Replicates one group, as the options name it.")

    @Option(help: ArgumentHelp("Where the master target listens; port 9443 unless given.", valueName: "host[:port]"))
    var server: String

    @Option(help: "The protected group, as it is named on the master target.")
    var group: String

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            """
            A disk of the group, repeatable: its source id, and a block device, an image file, or the URL of an NBD \
            export (nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH, with bitmap=NAME for a dirty bitmap). \
            Disks are numbered from 0 in the order given, unless a number stands before a colon.
            """, valueName: "[number:]id=path|url"))
    var disk: [String]

    @Option(help: "Folder for what has to be remembered: the position and 256 MiB of digests for a tebibyte of disk.")
    var state: String

    @Option(help: "PEM file with this host's certificate and chain.") var certificate: String
    @Option(help: "PEM file with this host's private key.") var key: String
    @Option(help: "PEM file with the authority's certificate.") var authority: String

    @Flag(help: "Sync what needs it, make one last pass and a bookmark, wait until all is applied, and end.")
    var once = false

    @OptionGroup var options: ReplicationOptions

    @Option(help: "Fencing token of this sender; a newer one takes the group over.") var fencingToken: UInt64 = 1

    @Option(
        help: ArgumentHelp("End with status 1 after this long without a session; with --once 5m.", valueName: "time"))
    var giveUpAfter: String?

    @Flag(help: "Print lines of JSON instead of sentences.") var json = false

    /// - Throws: A validation error that names the option, which ends the program with status 2.
    mutating func validate() throws {
        _ = try settings()
        _ = try disks()
    }

    func run() async throws {
        MemoryPolicy.keepSmallBuffers()
        let json = json
        let clock = SystemClock()
        let report: @Sendable (ProgressReport) -> Void = { report in
            guard json else {
                if case .progress = report { return }
                return Terminal.writeLine(report.sentence)
            }
            // A line that cannot be encoded is not worth ending for.
            if let line = try? report.json(at: clock.now()) { Terminal.writeLine(line) }
        }
        let server = try ProcessServer(
            settings: try settings(), disks: try disks(), statePath: state, certificate: certificate, key: key,
            authority: authority, report: report)
        var logger = Logger(label: "mt-process-server") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: server, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup)
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await services.run()
    }

    private func settings() throws -> ProcessServerSettings {
        guard let address = ServerAddress(server) else {
            throw ValidationError("--server '\(server)' is not HOST or HOST:PORT.")
        }
        var settings = ProcessServerSettings(group: group, server: address)
        settings.fencingToken = fencingToken
        let terms = try RunSettings(said: options.said)
        settings.mode = once ? .once : .continuous(interval: terms.interval)
        terms.apply(to: &settings)
        if let giveUpAfter {
            guard let patience = Quantity.nanoseconds(giveUpAfter), patience > 0 else {
                throw ValidationError("--give-up-after is \"\(giveUpAfter)\"; it must be a time such as 30s or 15m.")
            }
            settings.giveUpAfter = patience
        } else if once {
            settings.giveUpAfter = 300_000_000_000
        }
        return settings
    }

    private func disks() throws -> [ProcessServer.Disk] {
        guard !disk.isEmpty else { throw ValidationError("Give at least one --disk.") }
        return try disk.enumerated().map { index, text in
            guard let disk = ProcessServer.Disk(argument: text, index: index) else {
                throw ValidationError("--disk '\(text)' is not [NUMBER:]ID=PATH or [NUMBER:]ID=nbd://….")
            }
            return disk
        }
    }
}
