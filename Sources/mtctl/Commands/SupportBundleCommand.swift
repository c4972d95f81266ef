// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import LinuxSystem
import Registration
import StateFiles
import StoragePrimitives

struct SupportBundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "support-bundle", abstract: "Collects what support needs to know into one file, without secrets.",
        discussion: """
            Configuration, status, health, groups, disks, jobs, paths, mounts, units, journals, metrics and records of this \
            machine. Private keys, passphrases, tokens and sign-in codes are taken out; look through it before you send it. \
            Works while the agent does not answer, and as any user, who then gets what that user may read: use root.
            """)

    @Option(help: "The file to make, mode 0600; it must not be there. A name with the host and the time unless given.")
    var output: String?
    @Option(help: "How far back journals go, such as 12h or 7d; a day unless given.") var since: DurationArgument?
    @Option(help: "The agent's configuration file.") var config = ApplianceConfiguration.defaultPath
    @OptionGroup var connection: ConnectionOptions

    /// Files and programs take their time.
    private static let thread = DiskThread(name: "mt-support")

    func validate() throws {
        if let output, output.isEmpty || output.hasSuffix("/") { throw ValidationError("--output takes a file.") }
        if let seconds = since?.seconds, seconds > 366 * 86_400 {
            throw ValidationError("--since takes a year at most.")
        }
    }

    func run() async throws {
        let console = Console.current
        let now = console.now()
        let past = now.advanced(byNanoseconds: -Int64(since?.seconds ?? 86_400) * 1_000_000_000)
        let host = HostName.current()
        let path = output ?? "\(Self.fileName(host, now)).tar.gz"
        // While there is nothing to lose yet.
        guard !SystemFiles.exists(path) else {
            throw ControlFailure(.exists, "\(path) exists.", remedy: "Name another file with --output.")
        }
        let (status, problem) = await agent()
        let (places, complaint) = await places()
        var sources = SupportSources(statePaths: Self.unique([status?.stateFolder, places.statePath]), since: past)
        sources.config = config
        let report = SupportReport(
            version: ProductVersion.text, host: Self.plain(host), created: DateTime(now), since: DateTime(past),
            isAgentThere: status != nil)
        var bundle = try await Self.thread.run { [sources, keys = places.keyPaths] in
            try SupportBundle(report, scrubber: SecretScrubber(secrets: sources.secrets(keyPaths: keys)))
        }
        if let complaint { bundle.leaveOut("configuration", complaint) }
        bundle = await answers(bundle, problem: problem)
        let (collected, finished) = (bundle, sources)
        let done = try await Self.thread.run {
            var bundle = collected
            finished.collect(into: &bundle)
            return try bundle.finish(to: path)
        }
        show(done, console)
    }

    private static func unique(_ paths: [String?]) -> [String] {
        paths.compactMap { $0 }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    // MARK: The agent

    private func agent() async -> (ApplianceReport?, String?) {
        do {
            return (try await connection.client.get(ControlPath.status), nil)
        } catch {
            return (nil, (error as? ControlFailure)?.message ?? "\(error)")
        }
    }

    /// What the agent says, or, while it does not answer, what can be seen without it.
    private func answers(_ bundle: SupportBundle, problem: String?) async -> SupportBundle {
        var bundle = bundle
        if let problem {
            for (name, _) in SupportSources.answers { bundle.leaveOut(name, problem) }
            await look("without-agent/health.json", &bundle) {
                try JSON.encode(try await HostHealth.withoutAgent(configPath: config, because: problem))
            }
            await look("without-agent/multipath.json", &bundle) {
                try JSON.encode(try await MultipathLook.withoutAgent(configPath: config))
            }
        } else {
            for (name, path) in SupportSources.answers {
                await look(name, &bundle) { try await connection.client.bytes(path) }
            }
        }
        return bundle
    }

    private func look(_ name: String, _ bundle: inout SupportBundle, _ work: () async throws -> [UInt8]) async {
        do {
            bundle.add(try await work(), as: name)
        } catch {
            bundle.leaveOut(name, (error as? ControlFailure)?.description ?? "\(error)")
        }
    }

    /// As the configuration says it, or the usual places while that cannot be read.
    private func places() async -> (AppliancePlaces, String?) {
        do {
            return (try await AppliancePlaces(configPath: config), nil)
        } catch {
            return (AppliancePlaces.usual, (error as? ControlFailure)?.message ?? "\(error)")
        }
    }

    // MARK: Output

    private static func fileName(_ host: String, _ now: Timestamp) -> String {
        let time = DateTime(Timestamp.seconds(now.rawValue / 1_000_000_000)).description.filter {
            $0 != "-" && $0 != ":"
        }
        return "master-target-support-\(plain(host))-\(time)"
    }

    /// A machine's name as a part of a file's.
    private static func plain(_ host: String) -> String {
        String(host.prefix(63).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") ? $0 : "_" })
    }

    private func show(_ report: SupportReport, _ console: Console) {
        if connection.json { return console.json(report) }
        console.print(
            "\(report.path ?? "") has \(report.files.count) files, \(ByteCount(report.bytes ?? 0)). "
                + "Secrets were taken out in \(report.removed) places; look through it before you send it.")
        if !report.isAgentThere {
            console.print(console.colored("The agent did not answer: what it knows is not in it.", .yellow))
        }
        guard !report.leftOut.isEmpty else { return }
        console.print("Not in it:")
        for omission in report.leftOut { console.print("  \(omission.name): \(Printable.text(omission.reason))") }
    }
}
