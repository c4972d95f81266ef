// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationServer
import LinuxSystem

struct OperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator", abstract: "Certificates of operators.", subcommands: [Issue.self, Revoke.self])

    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key and a certificate for an operator, and the authority's certificate beside them.")

        @Argument(help: "The operator's name.") var name: String
        @Option(help: "The folder that the files go to.") var into: String
        @Option(help: "Days until it expires.") var days = 365
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...3650).contains(days) else { throw ValidationError("--days must be 1 to 3650.") }
        }

        func run() async throws {
            let folder = try await settings.folder()
            let issued = try await OperatorCertificates.issue(
                name, from: folder, into: into, days: days, now: SystemClock().now())
            try output.show(
                issued, ["\(into)/\(name).operator.pem is issued; its key is beside it. It expires \(issued.notAfter)."]
            )
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes all certificates of an operator back; a server that is running knows it at once.")

        @Argument(help: "The operator's name.") var name: String
        @Option(help: "Why.") var reason: String
        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            let folder = try await settings.folder()
            try await OperatorCertificates.revoke(name, in: folder, reason: reason, now: SystemClock().now())
        }
    }
}
