// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationServer
import LinuxSystem

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes a server: its authority, its TLS certificate, a passphrase.",
        discussion: "The passphrase is printed once and kept nowhere.")

    @Option(help: "The authority's name.") var name = "Master Target site authority"
    @Option(help: "A DNS name that servers reach this one by; may be repeated.") var dns: [String] = []
    @Option(help: "An address that servers reach this one by; may be repeated.") var ip: [String] = []
    @OptionGroup var settings: SettingsOptions
    @OptionGroup var output: OutputOptions

    private struct Made: Encodable {
        let passphrase: String
        let fingerprint: String
        let state: String
    }

    func validate() throws {
        guard !dns.isEmpty || !ip.isEmpty else {
            throw ValidationError("Servers reach this one by a name or an address: give --dns or --ip.")
        }
    }

    func run() async throws {
        let settings = try await settings.load()
        let (folder, passphrase) = try await StateFolder.create(
            path: settings.statePath, database: settings.database, plan: .init(name: name, names: dns, addresses: ip),
            now: SystemClock().now())
        let made = Made(
            passphrase: passphrase.text, fingerprint: "\(try folder.serverCertificate().fingerprint)",
            state: folder.path)
        try output.show(
            made,
            [
                "The server is made in \(made.state).",
                "Passphrase, shown this once: \(made.passphrase)",
                "Fingerprint of its certificate: \(made.fingerprint)",
            ])
    }
}
