// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import Registration
import StoragePrimitives

struct SiteMachinesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machines", abstract: "Lists the machines that are protected, or are to be.")

    @OptionGroup var site: SiteOptions

    func run() async throws {
        let console = Console.current
        let list = try await site.client().machines()
        if site.json { return console.json(list) }
        guard !list.machines.isEmpty else {
            return console.print("No machines. Make one with mtctl site machine set NAME --disk ….")
        }
        var table = Table("MACHINE", "KIND", "DISKS", "SIZE", "OFF", "SNAPSHOTS", "DATASTORE")
        for machine in list.machines {
            let size = machine.disks.reduce(UInt64(0)) { sum, disk in
                let (total, overflow) = sum.addingReportingOverflow(disk.sizeBytes.rawValue)
                return overflow ? .max : total
            }
            table.add(
                machine.name, machine.isPhysical == true ? "physical" : "virtual", "\(machine.disks.count)",
                "\(ByteCount(size))", SiteWords.yesNo(machine.facts?.isPoweredOff),
                SiteWords.yesNo(machine.facts?.hasSnapshots),
                machine.facts?.isDatastoreWritable.map { $0 ? "writable" : "read-only" } ?? "not known")
        }
        console.print(table)
    }
}

struct SiteMachineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "One machine: its disks on both sides, and its place on site.",
        subcommands: [SiteMachineSetCommand.self, Show.self, Delete.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows all of a machine.")

        @Argument(help: "Its name.") var name: String
        @OptionGroup var site: SiteOptions

        func validate() throws { _ = try permitted(name, of: "a machine") }

        func run() async throws {
            let machine = try await site.client().machine(name)
            if site.json { return Console.current.json(machine) }
            Self.show(machine, Console.current)
        }

        static func show(_ machine: SiteMachine, _ console: Console) {
            var sheet = Sheet()
            sheet.add("Machine", machine.name)
            sheet.add("Kind", machine.isPhysical == true ? "physical: it comes back on new disks" : "virtual")
            sheet.add("Powered off on site", SiteWords.yesNo(machine.facts?.isPoweredOff))
            sheet.add("Snapshots", SiteWords.yesNo(machine.facts?.hasSnapshots))
            sheet.add("Datastore writable", SiteWords.yesNo(machine.facts?.isDatastoreWritable))
            sheet.add("Account read-only", SiteWords.yesNo(machine.facts?.isAccountReadOnly))
            sheet.add("Free edition", SiteWords.yesNo(machine.facts?.isFreeEdition))
            console.print(sheet)
            for disk in machine.disks {
                console.print("Disk \(disk.id): \(disk.sizeBytes), blocks of \(disk.logicalBlockSize ?? 512) bytes")
                console.print("  read from  \(disk.source)")
                console.print("  came from  \(disk.original ?? "no disk on site: it needs a --target")")
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a machine that is in no group.")

        @Argument(help: "Its name.") var name: String
        @OptionGroup var site: SiteOptions

        func validate() throws { _ = try permitted(name, of: "a machine") }

        func run() async throws {
            let machine = try await site.client().deleteMachine(name)
            if site.json { return Console.current.json(machine) }
            Console.current.print("Machine \(machine.name) is removed; its disks stay as they are.")
        }
    }
}
