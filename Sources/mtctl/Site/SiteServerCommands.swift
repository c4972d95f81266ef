// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ConfigurationAPI
import ControlAPI
import LinuxSystem
import Registration

struct SiteServersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "servers", abstract: "Lists master targets and process servers, the worst first.")

    @OptionGroup var site: SiteOptions

    func run() async throws {
        let console = Console.current
        let list = try await site.client().servers()
        if site.json { return console.json(list) }
        guard !list.servers.isEmpty else {
            return console.print("No servers. Register a master target with mtctl register.")
        }
        var table = Table("SERVER", "ROLE", "STATE", "HEALTH", "GROUPS", "WORST RPO", "HEARD", "VERSION")
        let servers = list.servers.sorted { (Self.urgency($0), $0.hostName) < (Self.urgency($1), $1.hostName) }
        for (id, server) in zip(Abbreviation.shortened(servers.map(\.hostID)), servers) {
            // The name alone, where it tells which one is meant.
            let isShared = servers.count { $0.hostName == server.hostName } > 1
            table.add(
                isShared ? "\(server.hostName) (\(id))" : server.hostName, server.role.rawValue, server.state.rawValue,
                server.health ?? "-",
                "\(server.groupCount)", server.worstRPOSeconds.map { Quantity.describe(seconds: $0) } ?? "-",
                server.lastSeen.map { "\(SiteWords.age($0)) ago" } ?? "never", server.version)
        }
        console.print(table)
        for server in servers where server.clone != nil {
            console.print(
                console.colored("\(server.hostName): another machine came with its host id. ", .red)
                    + "See mtctl site server show \(server.hostID.prefix(8)).")
        }
    }

    /// Smaller is more urgent.
    private static func urgency(_ server: ServerReport) -> Int {
        if server.state == .revoked { return 6 }
        if server.clone != nil { return 0 }
        switch (server.state, server.health) {
        case (.lost, _): return 1
        case (.online, "critical"): return 2
        case (.awaited, _): return 3
        case (.online, "ok"): return 5
        case _: return 4
        }
    }
}

struct SiteServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "One server of the site.", subcommands: [Show.self, Revoke.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows all of a server, with its last heartbeat.")

        @Argument(help: "Its name, its host id, or the beginning of that.") var host: String
        @OptionGroup var site: SiteOptions

        func run() async throws {
            let console = Console.current
            let client = try site.client()
            let server = try await client.server(try await find(host, client).hostID)
            if site.json { return console.json(server) }
            show(server, console)
        }

        private func show(_ server: ServerReport, _ console: Console) {
            var sheet = Sheet()
            sheet.add("Server", server.hostName)
            sheet.add("Host id", server.hostID)
            sheet.add("Role", server.role.rawValue)
            sheet.add("State", server.state.rawValue)
            sheet.add("Heard", server.lastSeen.map { "\(SiteWords.age($0)) ago, from \(server.address)" } ?? "never")
            sheet.add("Version", server.version)
            sheet.add("Enrolled", LocalTime.describe(server.enrolled.timestamp))
            sheet.add(
                "Certificate", "\(server.serial), until \(LocalTime.describe(server.certificateExpires.timestamp))")
            sheet.add("Worst RPO", server.worstRPOSeconds.map { Quantity.describe(seconds: $0) })
            if let clone = server.clone {
                sheet.add(
                    "Clone",
                    console.colored(
                        "another machine came with its host id from \(clone.address), "
                            + "\(SiteWords.age(clone.moment)) ago", .red))
            }
            if let beat = server.heartbeat {
                sheet.add("Listens on", beat.replication?.joined(separator: ", "))
                if let volume = beat.capacity?.retention {
                    let free = volume.freeBytes.map { ", \($0) free" } ?? ""
                    sheet.add(
                        "Retention volume",
                        volume.isUsable ? "\(volume.path)\(free)" : volume.problem ?? "\(volume.path) is not usable")
                }
                sheet.add("Memory ceiling", beat.capacity.map { "\($0.memoryCeilingBytes)" })
            }
            sheet.add("Health", server.health)
            console.print(sheet)
            for failing in server.heartbeat?.health?.failing ?? [] {
                console.print("  \(failing.severity) \(failing.check): \(failing.sentence)")
                if let remedy = failing.remedy { console.print("    \(remedy)") }
            }
            guard let groups = server.heartbeat?.groups, !groups.isEmpty else { return }
            console.print("")
            GroupOutput.list(groups, console)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a server's certificates back: it is refused everywhere from now on.")

        @Argument(help: "Its name, its host id, or the beginning of that.") var host: String
        @Option(help: "Why; it is kept.") var reason: String
        @OptionGroup var confirmation: ConfirmationOption
        @OptionGroup var site: SiteOptions

        func validate() throws {
            if let complaint = RevokeRequest(reason: reason).complaint { throw ValidationError(complaint) }
        }

        func run() async throws {
            let console = Console.current
            let client = try site.client()
            let server = try await find(host, client)
            let groups = server.groupCount == 0 ? "" : " It has \(SiteGroupOutput.count(server.groupCount, "group"))."
            try console.confirm(
                "The \(server.role.rawValue) \(server.hostName) (\(server.hostID)) is refused everywhere from now on, "
                    + "and has to be registered again to come back.\(groups)", yes: confirmation.yes)
            let after = try await client.revoke(server.hostID, reason: reason)
            if site.json { return console.json(after) }
            console.print("The certificates of \(after.hostName) (\(after.hostID)) are taken back.")
        }
    }
}

private func find(_ text: String, _ client: ConfigurationClient) async throws -> ServerReport {
    try Abbreviation.find(
        text, in: try await client.servers().servers, what: "server", listedBy: "mtctl site servers",
        id: \.hostID, name: \.hostName)
}
