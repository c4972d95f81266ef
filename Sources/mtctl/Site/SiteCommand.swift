// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ConfigurationAPI
import LinuxSystem
import Registration

struct SiteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "site", abstract: "Operates a whole site through its configuration server.",
        discussion: """
            An operator shows a certificate, made with mt-configuration-server operator issue NAME --into FOLDER. The \
            server and the folder are given with --server and --credentials, with MT_SITE_SERVER and \
            MT_SITE_CREDENTIALS, or kept by mtctl site use.
            Ids of jobs and servers may be cut to a beginning that only one has. Interrupting a command that follows a \
            job (exit code 130) leaves the job running.
            """,
        subcommands: [
            SiteUseCommand.self, SiteServersCommand.self, SiteServerCommand.self, SitePoliciesCommand.self,
            SitePolicyCommand.self, SiteMachinesCommand.self, SiteMachineCommand.self, SiteGroupsCommand.self,
            SiteGroupCommand.self, SitePointsCommand.self, SiteCheckCommand.self, SiteReprotectCommand.self,
            SiteFailoverCommand.self, SiteRollbackCommand.self, SiteCommitCommand.self, SiteJobsCommand.self,
            SiteJobCommand.self, SiteConsoleCommand.self,
        ])
}

struct SiteUseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use", abstract: "Keeps the configuration server and the operator; without options: shows them.",
        discussion: "The server is asked first whether it answers and knows the operator.")

    @OptionGroup var site: SiteOptions

    func run() async throws {
        let console = Console.current
        var place = try site.place()
        // The next command may be typed in another folder.
        place.credentials = SystemFiles.resolved(place.credentials) ?? place.credentials
        let folder = try place.folder()
        let answer = try await place.client(forTerminal: !site.json).identify()
        let isNew = !site.server.isEmpty || site.credentials != nil || site.operatorName != nil
        let path = isNew ? try place.keep(console) : nil
        if site.json {
            return console.json(
                SiteUseOutput(
                    server: answer.server, servers: place.servers, credentials: place.credentials,
                    operator: folder.name, keptIn: path))
        }
        var sheet = Sheet()
        sheet.add("Configuration server", "\(answer.server.name) at \(answer.server.address)")
        sheet.add("Its certificate", "SHA-256 \(answer.server.fingerprint)")
        sheet.add("Addresses", place.servers.joined(separator: ", "))
        sheet.add("Operator", "\(folder.name), until \(LocalTime.describe(folder.expires.timestamp))")
        sheet.add("Credentials", place.credentials)
        sheet.add("Servers", "\(answer.servers.servers.count)")
        sheet.add("Kept in", path)
        console.print(sheet)
    }
}

private struct SiteUseOutput: Encodable {
    let server: ServerIdentity
    let servers: [String]
    let credentials: String
    let `operator`: String
    let keptIn: String?
}

struct SiteConsoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console", abstract: "Makes a code for one login to the console in a browser.")

    @OptionGroup var site: SiteOptions

    func run() async throws {
        let console = Console.current
        let code = try await site.client().consoleCode()
        if site.json { return console.json(code) }
        var sheet = Sheet()
        sheet.add("Console", code.address)
        sheet.add("Code", code.code)
        sheet.add("Until", LocalTime.describe(code.expires.timestamp))
        console.print(sheet)
    }
}
