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
        func multipathDropIn(rootIdentities: [String]) throws -> String {
            try MultipathDropIn(protectedIdentities: rootIdentities).text()
        }
    }

    private static let thread = DiskThread(name: "mt-prepare")
    private let root: String
    private let statePath: String

    /// A machine, or an image of one that is mounted at `root`.
    public init(_ places: AppliancePlaces, root: String = "/") {
        self.root = root
        statePath = places.statePath
    }

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
            return try await Self.thread.run { [root, statePath] in try body(try Self.preparation(root, statePath)) }
        } catch let error as PreparationError {
            throw ControlFailure(.refused, "\(error)", remedy: "")
        } catch let error as DeviceError {
            throw LocalLook.failure(error)
        }
    }

    private static func preparation(_ root: String, _ statePath: String) throws -> HostPreparation {
        // An image's disks are not this machine's: only what is the same everywhere is prepared in it.
        guard root == "/" else {
            return HostPreparation(
                tree: RootedTree(root: root),
                inputs: PreparationInputs(rootIdentities: [], boundIdentities: [], texts: Texts()))
        }
        let scan = try SystemDiskSource().scan()
        let bound = try RecordedTargets.identities(statePath: statePath).keys.map(\.rawValue).sorted()
        return HostPreparation(
            inputs: PreparationInputs(rootIdentities: scan.rootIdentities, boundIdentities: bound, texts: Texts()))
    }
}
