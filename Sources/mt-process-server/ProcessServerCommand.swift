// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import LinuxSystem
import Logging
import ProcessServer
import ServiceLifecycle
import StoragePrimitives

/// The program: arguments in, one service run.
///
/// Exit status: 0 done or stopped in order, 1 refused or failed with a sentence on standard error, 2 wrong usage.
@main
struct Program {
    static func main() async {
        let command: ProcessServerCommand
        do {
            command = try ProcessServerCommand.parse()
        } catch {
            let message = ProcessServerCommand.fullMessage(for: error)
            let isHelp = ProcessServerCommand.exitCode(for: error).isSuccess
            Terminal.writeLine(message, toError: !isHelp)
            ProcessServerCommand.exit(withError: isHelp ? nil : ExitCode(2))
        }
        do {
            try await command.run()
        } catch {
            Terminal.writeLine("mt-process-server: \(error)", toError: true)
            ProcessServerCommand.exit(withError: ExitCode(1))
        }
    }
}

struct ProcessServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mt-process-server", abstract: "Replicates disks to a master target.")

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

    @Option(help: ArgumentHelp("Time from one pass to the next: 30s, 15m, 1h, 500ms.", valueName: "time"))
    var interval: String = "60s"

    @Option(help: ArgumentHelp("Bytes a second at most, with K, M, G for powers of 1024.", valueName: "size"))
    var rateLimit: String?

    @Option(
        help: ArgumentHelp(
            "Run before the sources are opened: fsfreeze, a snapshot, a database checkpoint. Makes passes exact and "
                + "bookmarks application-consistent.", valueName: "command"))
    var beforePass: String?

    @Option(help: ArgumentHelp("Run after the sources are closed, whatever happened.", valueName: "command"))
    var afterPass: String?

    @Option(help: ArgumentHelp("What a failed command before a pass means: crash-consistent or skip."))
    var onHookFailure: String = "crash-consistent"

    @Option(help: ArgumentHelp("Time after which a command is killed.", valueName: "time"))
    var hookTimeout: String = "60s"

    @Flag(help: "Nothing writes to the sources while they are read: passes are exact without commands.")
    var staticSource = false

    @Option(help: "Label of the bookmark that follows each pass; without it only quiesced passes and --once get one.")
    var bookmarkLabel: String?

    @Option(help: "Compression of what is sent: auto, none or lz4.") var compress: String = "auto"

    @Option(help: "Passes by dirty bitmap alone between two that read everything; 0 for never reading everything.")
    var fullScanEvery: Int = 24

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
        settings.mode = once ? .once : .continuous(interval: try time(interval, "--interval"))
        settings.hooks.before = beforePass
        settings.hooks.after = afterPass
        guard let onFailure = ProcessServerSettings.HookFailure(rawValue: onHookFailure) else {
            throw ValidationError("--on-hook-failure is 'crash-consistent' or 'skip', not '\(onHookFailure)'.")
        }
        settings.hooks.onFailure = onFailure
        settings.hooks.timeout = try time(hookTimeout, "--hook-timeout")
        settings.isStatic = staticSource
        guard (bookmarkLabel?.utf8.count ?? 0) <= 128 else { throw ValidationError("--bookmark-label is too long.") }
        settings.bookmarkLabel = bookmarkLabel
        guard let mode = CompressionPolicy.Mode(rawValue: compress) else {
            throw ValidationError("--compress is 'auto', 'none' or 'lz4', not '\(compress)'.")
        }
        settings.compression = mode
        if let rateLimit {
            guard let bytes = Quantity.bytes(rateLimit), bytes > 0 else {
                throw ValidationError("--rate-limit '\(rateLimit)' is not a size such as 50M.")
            }
            settings.rateLimit = bytes
        }
        settings.fullScanEvery = fullScanEvery
        if let giveUpAfter {
            settings.giveUpAfter = try time(giveUpAfter, "--give-up-after")
        } else if once {
            settings.giveUpAfter = 300_000_000_000
        }
        return settings
    }

    private func time(_ text: String, _ option: String) throws -> Int64 {
        guard let nanoseconds = Quantity.nanoseconds(text), nanoseconds > 0 else {
            throw ValidationError("\(option) '\(text)' is not a time such as 30s, 15m or 500ms.")
        }
        return nanoseconds
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
