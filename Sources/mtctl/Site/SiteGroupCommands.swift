// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import Registration

struct SiteGroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "Lists the groups of the site, the worst first.")

    @OptionGroup var site: SiteOptions

    func run() async throws {
        let list = try await site.client().groups()
        if site.json { return Console.current.json(list) }
        SiteGroupOutput.list(list.groups, Console.current)
    }
}

struct SiteGroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Machines that are recovered to one point in time.",
        subcommands: [Create.self, Show.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a group; for one that exists: gives it these machines and this policy.")

        @Argument(help: "Its name.") var name: String
        @Option(parsing: .upToNextOption, help: "Its machines, by name.") var machine: [String]
        @Option(help: "Its policy; without one: default.") var policy: String?
        @OptionGroup var site: SiteOptions

        func validate() throws {
            for machine in machine { _ = try permitted(machine, of: "a machine") }
            if let policy { _ = try permitted(policy, of: "a policy") }
            if let complaint = group.complaint { throw ValidationError(complaint) }
        }

        private var group: SiteGroup { SiteGroup(name: name, machines: machine, policy: policy) }

        func run() async throws {
            let report = try await site.client().save(group)
            if site.json { return Console.current.json(report) }
            Console.current.print(
                "Group \(report.group.name) has \(SiteGroupOutput.count(report.group.machines.count, "machine")). "
                    + "Replicate it with mtctl site reprotect \(report.group.name).")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows all of a group: where it is replicated, and what has to be known of it.")

        @Argument(help: "Its name.") var name: String
        @OptionGroup var site: SiteOptions

        func validate() throws { _ = try permitted(group: name) }

        func run() async throws {
            let report = try await site.client().group(name)
            if site.json { return Console.current.json(report) }
            SiteGroupOutput.show(report, Console.current)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a group that is not replicated.")

        @Argument(help: "Its name.") var name: String
        @OptionGroup var site: SiteOptions

        func validate() throws { _ = try permitted(group: name) }

        func run() async throws {
            let report = try await site.client().deleteGroup(name)
            if site.json { return Console.current.json(report) }
            Console.current.print("Group \(report.group.name) is removed; its machines stay.")
        }
    }
}

struct SitePointsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "points", abstract: "Shows what a group can be recovered to, asked of its master target now.")

    @Argument(help: "The group.") var group: String
    @OptionGroup var site: SiteOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        let points = try await site.client().points(of: group)
        if site.json { return Console.current.json(points) }
        PointsOutput.show(points, Console.current)
    }
}
