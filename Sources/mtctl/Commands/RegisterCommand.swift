// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ConfigurationAPI
import ControlAPI
import LinuxSystem
import Registration

/// Works on the state folder; an agent that runs takes it up by itself.
struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Registers this master target with a configuration server.",
        discussion: """
            The passphrase proves each side to the other and does not travel. Compare the fingerprint that \
            mt-configuration-server show prints, or give it, and nobody in between can take its place. A machine that is \
            registered already registers again, with the same host id.
            """)

    @Option(
        help: ArgumentHelp(
            "The configuration server; may be repeated, for several addresses of one server.",
            valueName: "host[:port]"))
    var server: [String]

    @Option(help: "The file with the passphrase, readable by its owner alone.") var passphraseFile: String

    @Option(help: "SHA-256 of the server's TLS certificate, when it is known beforehand.")
    var serverFingerprint: String?

    @Option(
        help: "A DNS name by which process servers reach this machine; may be repeated. Without any: its host name.")
    var dns: [String] = []

    @Option(help: "An address by which process servers reach this machine; may be repeated.") var ip: [String] = []

    @Flag(help: "JSON on standard output.") var json = false
    @OptionGroup var places: PlaceOptions

    func run() async throws {
        let console = Console.current
        let places = try await places.places()
        var application = RegistrationFolder.Application(
            role: .masterTarget, version: ProductVersion.text, servers: server, passphraseFile: passphraseFile)
        application.fingerprint = serverFingerprint
        application.names = dns.isEmpty && ip.isEmpty ? [HostName.current()] : dns
        application.addresses = ip
        let record = try await HostAcceptance(places).register(application)
        let report = await heartbeat(of: record)
        if json {
            return console.json(RegistrationOutput(hostID: record.hostID, servers: record.servers, agent: report))
        }
        console.print("This machine is registered with \(record.servers.joined(separator: ", ")) as \(record.hostID).")
        switch report {
        case .some(let report) where report.lastAnswer != nil: console.print("The agent's heartbeat was answered.")
        case .some(let report):
            console.print("The agent's heartbeat was not answered yet. \(report.problem ?? "See mtctl status.")")
        case nil: console.print("The agent does not run: systemctl start mastertargetd.")
        }
    }

    /// What the agent makes of it, as soon as its first heartbeat was answered; nil when none runs here.
    private func heartbeat(of record: RegistrationFolder.Record) async -> RegistrationReport? {
        let client = ControlClient(socket: places.socket)
        var last: RegistrationReport?
        for _ in 0..<50 {
            // An agent that does not run is no failure of the registration.
            guard let status: ApplianceReport = try? await client.get(ControlPath.status) else { return nil }
            if let report = status.registration, report.registered == record.registered {
                last = report
                if report.lastAnswer != nil { return report }
            }
            // Cut short with the program.
            try? await Console.current.pause(.milliseconds(200))
        }
        return last
    }
}

struct UnregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unregister", abstract: "Leaves the configuration server; groups and history stay.",
        discussion: """
            The certificate is removed here. What the configuration server keeps of this machine is ended there: \
            mtctl site server revoke.
            """)

    @Flag(help: "JSON on standard output.") var json = false
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var places: PlaceOptions

    func run() async throws {
        let console = Console.current
        let folder = RegistrationFolder(path: try await places.places().registrationPath)
        guard let registration = try folder.load() else {
            throw ControlFailure(.notFound, "This machine is registered with no configuration server.", remedy: "")
        }
        let servers = registration.record.servers.joined(separator: ", ")
        try console.confirm(
            "This master target leaves \(servers): process servers that it assigned cannot connect any more.",
            yes: confirmation.yes)
        _ = try folder.unregister()
        if json {
            return console.json(RegistrationOutput(hostID: registration.record.hostID, servers: [], agent: nil))
        }
        console.print("This machine has left \(servers). Its host id stays \(registration.record.hostID).")
    }
}

private struct RegistrationOutput: Encodable {
    let hostID: String
    let servers: [String]
    let agent: RegistrationReport?
}
