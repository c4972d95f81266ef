// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import ControlAPI
import LinuxSystem
import Registration
import StateFiles

struct SiteMachineSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Makes a machine, or changes what is named of one.",
        discussion: """
            Disks are given all or none. What is not known of the machine's place on site is left out, and checks say \
            that it is not known. With --file the machine is what the file says, as mtctl site machine show --json \
            prints it.
            """)

    enum Kind: String, EnumerableFlag { case physical, virtual }
    enum Power: String, EnumerableFlag { case poweredOff, running }
    enum Answer: String, ExpressibleByArgument, CaseIterable { case yes, no }

    @Argument(help: "Its name; with --file the one in it.") var name: String?
    @Option(
        help: ArgumentHelp(
            """
            A disk, once for each: where it is read now, and the disk on site that it came from (file:PATH or an \
            identity, as mtctl disks shows it there).
            """, valueName: "id=,size=,source=[,original=][,block=4096]"))
    var disk: [String] = []
    @Flag(help: "It was no virtual machine, and comes back as one.") var kind: Kind?
    @Flag(help: "Whether the machine on site is off.") var power: Power?
    @Flag(inversion: .prefixedNo, help: "Whether the machine on site has snapshots.") var snapshots: Bool?
    @Option(help: "Whether the master target's host may write to the datastore: yes or no.")
    var datastoreWritable: Answer?
    @Option(help: "Whether the account for vCenter may only read: yes or no.") var accountReadOnly: Answer?
    @Option(help: "Whether the host is a free edition: yes or no.") var freeEdition: Answer?
    @Option(help: "JSON of the machine; - for standard input.", completion: .file(extensions: ["json"]))
    var file: String?
    @OptionGroup var site: SiteOptions

    func validate() throws {
        if let name { _ = try permitted(name, of: "a machine") }
        if file != nil {
            guard disk.isEmpty, kind == nil, power == nil, snapshots == nil, datastoreWritable == nil,
                accountReadOnly == nil, freeEdition == nil
            else { throw ValidationError("--file says all of the machine: no other option goes with it.") }
        } else if name == nil {
            throw ValidationError("The machine's name is missing.")
        }
        _ = try disk.map(SiteDiskArgument.disk)
    }

    func run() async throws {
        let console = Console.current
        let client = try site.client()
        let machine = try await wanted(client, console)
        if let complaint = machine.complaint {
            throw ConfigurationFailure(.invalidRequest, complaint, remedy: "Add what is missing, such as --disk.")
        }
        let saved = try await client.save(machine)
        if site.json { return console.json(saved) }
        SiteMachineCommand.Show.show(saved, console)
    }

    private func wanted(_ client: ConfigurationClient, _ console: Console) async throws -> SiteMachine {
        if let file { return try read(file, console) }
        let name = name ?? ""
        var machine =
            try await client.machines().machines.first { $0.name == name } ?? SiteMachine(name: name, disks: [])
        if !disk.isEmpty { machine.disks = try disk.map(SiteDiskArgument.disk) }
        if let kind { machine.isPhysical = kind == .physical }
        var facts = machine.facts ?? SiteFacts()
        if let power { facts.isPoweredOff = power == .poweredOff }
        if let snapshots { facts.hasSnapshots = snapshots }
        if let datastoreWritable { facts.isDatastoreWritable = datastoreWritable == .yes }
        if let accountReadOnly { facts.isAccountReadOnly = accountReadOnly == .yes }
        if let freeEdition { facts.isFreeEdition = freeEdition == .yes }
        machine.facts = facts == SiteFacts() ? nil : facts
        return machine
    }

    /// More than the server takes of a machine.
    private static let maximumFileBytes = 1 << 20

    private func read(_ path: String, _ console: Console) throws -> SiteMachine {
        let bytes: [UInt8]?
        if path == "-" {
            var text: [UInt8] = []
            while text.count <= Self.maximumFileBytes, let line = console.readLine() {
                text += Array(line.utf8) + [0x0A]
            }
            bytes = text.count <= Self.maximumFileBytes ? text : nil
        } else {
            do {
                bytes = try SystemFiles.contents(path, limit: Self.maximumFileBytes)
            } catch {
                throw ConfigurationFailure(
                    .invalidRequest, "The file \(path) cannot be read (\(error)).", remedy: "Name another one.")
            }
        }
        guard let bytes else {
            throw ConfigurationFailure(
                .invalidRequest, "There is no file \(path), or it is too large.", remedy: "Name another one.")
        }
        let machine: SiteMachine
        do {
            machine = try JSON.decode(SiteMachine.self, from: bytes)
        } catch {
            throw ConfigurationFailure(
                .invalidRequest, "\(path == "-" ? "Standard input" : path) is no machine in JSON (\(error)).",
                remedy: "mtctl site machine show NAME --json prints one.")
        }
        guard name == nil || name == machine.name else {
            throw ConfigurationFailure(
                .invalidRequest, "The file is of the machine \(machine.name).", remedy: "Leave the name out.")
        }
        return machine
    }
}
