// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ControlAPI
import HostCertificates
import LinuxSystem

extension HostRole: ExpressibleByArgument {}

/// Works on files and needs no agent.
struct PKICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pki", abstract: "The local authority, for a site without a configuration server.",
        subcommands: [Init.self, Issue.self, List.self, Show.self])

    struct FolderOptions: ParsableArguments {
        @Option(help: "The authority's folder.") var folder = LocalAuthority.defaultFolder
        @Flag(help: "JSON on standard output.") var json = false
    }

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes an authority.")

        @Option(help: "Its name.") var name = "Master Target local authority"
        @Option(help: "Days until it expires.") var days = 3650
        @OptionGroup var options: FolderOptions

        func validate() throws { try check(days: days) }

        func run() async throws {
            let authority = try LocalAuthority.create(
                folder: options.folder, name: name, days: days, now: SystemClock().now())
            show(
                authority.own, json: options.json,
                done: "The authority is made. Keep its key; whoever has it can issue certificates.")
        }
    }

    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a key and a certificate for a host.")

        @Option(help: "The host's id, the certificate's common name.") var host: String
        @Option(help: "master-target, process-server, nbd-client, operator or configuration-server.")
        var role: HostRole
        @Option(help: "A DNS name it is reached by; may be repeated.") var dns: [String] = []
        @Option(help: "An address it is reached by; may be repeated.") var ip: [String] = []
        @Option(help: "Days until it expires.") var days = 825
        @OptionGroup var options: FolderOptions

        func validate() throws {
            try check(days: days)
            if role.isServer, dns.isEmpty, ip.isEmpty {
                throw ValidationError("A \(role.rawValue) is reached by a name or an address: give --dns or --ip.")
            }
        }

        func run() async throws {
            let issued = try LocalAuthority(folder: options.folder)
                .issue(host: host, role: role, names: dns, addresses: ip, days: days, now: SystemClock().now())
            show(issued, json: options.json, done: "The certificate is issued; its key is beside it.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists what was issued.")

        @OptionGroup var options: FolderOptions

        func run() async throws {
            let list = try LocalAuthority(folder: options.folder).list()
            if options.json { return Console.current.json(CertificateList(certificates: list)) }
            var table = Table("HOST", "ROLE", "EXPIRES", "FILE")
            for certificate in list {
                table.add(
                    certificate.host, certificate.isAuthority ? "authority" : certificate.role?.rawValue ?? "none",
                    LocalTime.describe(certificate.notAfter.timestamp), certificate.path ?? "")
            }
            for line in table.lines { Console.current.print(line) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a certificate.")

        @Argument(help: "The certificate's file.") var path: String
        @Flag(help: "JSON on standard output.") var json = false

        func run() async throws { show(try IssuedCertificate(path: path), json: json, done: nil) }
    }
}

private struct CertificateList: Encodable {
    let certificates: [IssuedCertificate]
}

private func check(days: Int) throws {
    guard (1...36500).contains(days) else { throw ValidationError("--days must be 1 to 36500.") }
}

private func show(_ certificate: IssuedCertificate, json: Bool, done: String?) {
    let console = Console.current
    if json { return console.json(certificate) }
    if let done { console.print(done) }
    var sheet = Sheet()
    sheet.add("Host", certificate.host)
    sheet.add("Role", certificate.isAuthority ? "authority" : certificate.role?.rawValue)
    sheet.add("Names", certificate.alternativeNames.joined(separator: ", "))
    sheet.add("Issuer", certificate.issuer)
    sheet.add("Serial", certificate.serial)
    sheet.add("Valid from", LocalTime.describe(certificate.notBefore.timestamp))
    sheet.add("Expires", LocalTime.describe(certificate.notAfter.timestamp))
    sheet.add("File", certificate.path)
    for line in sheet.lines { console.print(line) }
}
