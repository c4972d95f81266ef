// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationServer
import ControlAPI
import LinuxSystem

struct PassphraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passphrase", abstract: "The passphrase that enrols servers.", subcommands: [Rotate.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new passphrase; a server that is running takes it at once.",
            discussion: "It is printed once and kept nowhere. Servers that are enrolled do not need it.")

        @Option(help: "How long the old one is good, such as 24h; 0 ends it at once.") var overlap = "0"
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        private struct Made: Encodable { let passphrase: String }

        func validate() throws {
            guard seconds != nil else {
                throw ValidationError("--overlap is \"\(overlap)\"; it must be a duration such as 24h.")
            }
        }

        private var seconds: UInt64? { overlap == "0" ? 0 : Quantity.seconds(overlap) }

        func run() async throws {
            let folder = try await settings.folder()
            let passphrase = try await folder.rotatePassphrase(overlapSeconds: seconds ?? 0, now: SystemClock().now())
            try output.show(
                Made(passphrase: passphrase.text), ["Passphrase, shown this once: \(passphrase.text)"])
        }
    }
}
