// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI

struct MultipathCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "multipath", abstract: "Shows the disks with several paths, and what is wrong with them.",
        discussion: """
            A map is what multipathd believes to be one disk. It is used only when its paths agree in all they say and \
            read the same. While the agent does not answer, root is shown what can be seen without it.
            """)

    @Option(help: "The agent's configuration file, for when the agent does not answer.")
    var config = ApplianceConfiguration.defaultPath
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let console = Console.current
        let report = try await report()
        if connection.json { return console.json(report) }
        if let problem = report.problem { console.print(console.colored(problem, .yellow)) }
        if report.isRunning, report.problem == nil {
            console.print("multipathd runs; \(report.maps.isEmpty ? "no disk has several paths." : "its maps:")")
        }
        for map in report.maps { show(map, console) }
        if report.isDropInInstalled { console.print("\n\(report.dropIn) is in place.") }
        guard !report.findings.isEmpty else { return }
        console.print("")
        for finding in report.findings { console.print(console.colored(finding, .yellow)) }
    }

    private func report() async throws -> MultipathReport {
        do {
            return try await connection.client.get(ControlPath.multipath)
        } catch let failure as ControlFailure where failure.code == .unavailable {
            return try await MultipathLook.withoutAgent(configPath: config)
        }
    }

    private func show(_ map: MultipathReport.Map, _ console: Console) {
        console.print("")
        var sheet = Sheet()
        sheet.add("Map", [map.name, map.device.map { "(\($0))" }].compactMap { $0 }.joined(separator: " "))
        sheet.add("Identity", map.identity)
        sheet.add("Model", map.model)
        sheet.add("State", map.state)
        sheet.add("I/O", map.queueing)
        sheet.add("Held back", map.isSuspended ? "yes" : nil)
        sheet.add("Read-only", map.isReadOnly ? "yes" : nil)
        sheet.add("Path failures", "\(map.pathFaults) since multipathd started")
        sheet.add("One disk", (map.isBelieved ? "yes. " : "no. ") + map.evidence)
        sheet.add("Use", map.group.map { "target of group \($0)" } ?? "free")
        for line in sheet.lines { console.print(line) }
        var table = Table("  GROUP", "PRIORITY", "PATH", "ADDRESS", "STATE", "CHECKER", "DEVICE")
        for group in map.pathGroups {
            for path in group.paths {
                table.add(
                    "  \(group.number) \(group.state)", "\(group.priority)", path.device, path.address ?? "",
                    path.isUp ? path.state : console.colored(path.state, .red), path.checker, path.deviceState)
            }
        }
        for line in table.lines { console.print(line) }
    }
}
