// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import HostPreparation
import LinuxSystem
import Multipath
import StoragePrimitives

/// What `mtctl host prepare` does, with what this machine's disks ask for.
public struct HostSetup: Sendable {
    /// What would change, for people.
    public struct Outcome: Sendable {
        /// Nothing is left to change.
        public let isEmpty: Bool
        /// Each change with its reason and its difference, then notes.
        public let lines: [String]
    }

    private struct Texts: PreparationTexts {
        let bound: [UdevGuard.BoundDisk]

        func multipathDropIn(rootIdentities: [String]) throws -> String {
            try MultipathDropIn(protectedIdentities: rootIdentities).text()
        }

        func udevRules() throws -> String { try UdevGuard.files(for: bound).map(\.text).joined(separator: "\n") }
    }

    private static let thread = DiskThread(name: "mt-prepare")
    private let root: String

    /// A machine, or an image of one that is mounted at `root`.
    public init(root: String = "/") { self.root = root }

    /// What would change. Nothing is changed.
    public func plan() async throws -> Outcome {
        try await named { preparation in
            let plan = try preparation.plan()
            return Outcome(isEmpty: plan.isEmpty, lines: plan.lines)
        }
    }

    /// Changes what ``plan()`` shows. What could not be brought into force, as sentences.
    public func apply() async throws -> [String] {
        try await named { preparation in
            let notes = try preparation.apply(try preparation.plan())
            return ["This machine is prepared."] + notes
        }
    }

    /// Takes back what was changed. What was left alone, as sentences.
    public func undo() async throws -> [String] {
        try await named { preparation in ["What was changed is taken back."] + (try preparation.undo()) }
    }

    private func named<Value: Sendable>(
        _ body: @escaping @Sendable (HostPreparation) throws -> Value
    ) async throws -> Value {
        do {
            return try await Self.thread.run { [root] in try body(try Self.preparation(root)) }
        } catch let error as PreparationError {
            throw ControlFailure(.refused, "\(error)", remedy: "")
        }
    }

    private static func preparation(_ root: String) throws -> HostPreparation {
        // An image's disks are not this machine's: only what is the same everywhere is prepared in it.
        guard root == "/" else {
            return HostPreparation(
                tree: RootedTree(root: root),
                inputs: PreparationInputs(rootIdentities: [], boundIdentities: [], texts: Texts(bound: [])))
        }
        let scan = try SystemDiskSource().scan()
        let roots = scan.disks.filter { $0.isPhysical && $0.roles.contains(.root) }.compactMap(\.identity?.rawValue)
        let bound = try boundDisks()
        return HostPreparation(
            inputs: PreparationInputs(
                rootIdentities: roots, boundIdentities: bound.map(\.rawValue),
                texts: Texts(
                    bound: bound.map { UdevGuard.BoundDisk(identity: $0, mapUUID: scan.target($0)?.mapUUID) })))
    }

    /// The disks that groups write to, by the agent's records: it need not run.
    private static func boundDisks() throws -> [DiskIdentity] {
        let path = "\(HostPreparation.stateFolder)/groups"
        guard FolderTree.isFolder(path) else { return [] }
        let records = StateFolder(try DirectoryFolder(path: path), limit: GroupRecord.maximumFileBytes)
        let targets = try records.names().compactMap { try records.read(GroupRecord.self, from: $0) }.flatMap(\.disks)
        return targets.filter { DiskDesk.isDisk($0.target) }.compactMap { DiskIdentity(rawValue: $0.target) }
            .sorted { $0.rawValue < $1.rawValue }
    }
}
