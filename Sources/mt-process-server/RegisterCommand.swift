// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ControlAPI
import LinuxSystem
import Registration

struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Registers this process server with a configuration server.",
        discussion: "A 'run' that is under way takes it up by itself.")

    @Option(
        help: ArgumentHelp(
            "The configuration server; may be repeated, for several addresses of one server.",
            valueName: "host[:port]"))
    var server: [String]

    @Option(help: "The file with the passphrase, readable by its owner alone.") var passphraseFile: String

    @Option(help: "SHA-256 of the server's TLS certificate, when it is known beforehand.")
    var serverFingerprint: String?

    @Flag(help: "Print JSON instead of sentences.") var json = false
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        var application = RegistrationFolder.Application(
            role: .processServer, version: ProductVersion.text, servers: server, passphraseFile: passphraseFile)
        application.fingerprint = serverFingerprint
        let record = try await settings.load().registration.register(application)
        Terminal.writeLine(
            json
                ? "{\"hostID\":\"\(record.hostID)\"}"
                : "This process server is registered with \(record.servers.joined(separator: ", ")) as "
                    + "\(record.hostID). Keep 'mt-process-server run' running.")
    }
}

struct UnregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unregister", abstract: "Leaves the configuration server; what was assigned ends.")

    @Flag(name: [.short, .long], help: "Say that this is meant: groups lose their sender.") var yes = false
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        guard yes else { throw ValidationError("The groups that it replicates lose their sender: add --yes.") }
    }

    func run() async throws {
        let wasRegistered = try await settings.load().registration.unregister()
        Terminal.writeLine(
            wasRegistered
                ? "This process server has left its configuration server."
                : "This process server is registered with no configuration server.")
    }
}
