// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationServer

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the certificate that TLS shows, and its fingerprint.")

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var output: OutputOptions

    private struct Shown: Encodable {
        let fingerprint: String
        let names: [String]
        let notAfter: String
        let state: String
    }

    func run() async throws {
        let folder = try await settings.folder()
        let (certificate, fingerprint) = try folder.serverCertificate()
        let shown = Shown(
            fingerprint: "\(fingerprint)", names: certificate.alternativeNames, notAfter: "\(certificate.notAfter)",
            state: folder.path)
        try output.show(
            shown,
            [
                "Fingerprint  \(shown.fingerprint)", "Names        \(shown.names.joined(separator: ", "))",
                "Expires      \(shown.notAfter)", "State        \(shown.state)",
            ])
    }
}
