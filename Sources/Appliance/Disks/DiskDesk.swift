// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import LinuxSystem
import Logging
import StoragePrimitives
import Synchronization

/// The machine's disks as groups need them: which device a target's identity is now, whether it may be written to, and
/// what happened to those that are.
///
/// Its calls block (sysfs, disks, the ledger's file): they are made on threads that may.
package final class DiskDesk: Sendable {
    /// Tells others on the machine to leave the disks alone that groups write to. A port, for tests.
    package struct Guard: Sendable {
        /// Takes all bound disks, every time anew, and the devices of those that were bound or released just now.
        package typealias Install = @Sendable (_ bound: [UdevGuard.BoundDisk], _ changed: [Disk]) throws -> Void

        let install: Install

        package init(_ install: @escaping Install) { self.install = install }

        /// Rules for udev, and a hint to look at the disks again.
        ///
        /// The rules stay over a restart of the machine: what a guest's disk holds must not be started in the time
        /// before the agent runs. Where they cannot be kept they are in force until then where no older ones of the same
        /// names hide them, and that they are not kept is told all the same.
        package static let system = Guard { disks, changed in
            var passing: InventoryError?
            do throws(InventoryError) {
                try UdevGuard.install(disks, folder: UdevGuard.persistentFolder)
            } catch {
                passing = error
                try UdevGuard.install(disks, folder: UdevGuard.runtimeFolder)
            }
            try UdevGuard.reload()
            for device in changed {
                do {
                    try UdevGuard.announce(device)
                } catch let error as DeviceError where error.code == .notFound {
                    // It went away, and the rules meet it when it comes back.
                    continue
                }
            }
            if let passing { throw passing }
        }
    }

    private struct State {
        var bound: [DiskIdentity: String] = [:]
        var survey: DiskInventory.Survey?
        var surveyed: Int64 = .min
        var guardFailure: String?
    }

    let inventory: DiskInventory
    private let rules: TargetRules
    private let keepers: Guard
    private let steady: any SteadyClock
    private let logger: Logger
    private let state = Mutex(State())
    private let surveying = Mutex(())

    /// A survey this young serves many groups that are opened at once, in nanoseconds.
    private static let freshness: Int64 = 2_000_000_000

    package init(
        inventory: DiskInventory, rules: TargetRules = TargetRules(), keepers: Guard = .system,
        steady: any SteadyClock = MachineSteadyClock(), logger: Logger
    ) {
        self.inventory = inventory
        self.rules = rules
        self.keepers = keepers
        self.steady = steady
        self.logger = logger
    }

    /// Whether a target is named by its identity, and not a file for drills and tests.
    package static func isDisk(_ target: String) -> Bool { !target.hasPrefix("file:") }

    // MARK: Looking

    /// Looks at every disk, and compares it with what is known.
    ///
    /// - Parameter validity: How old may be what was read through the paths of maps, in nanoseconds.
    @discardableResult
    package func survey(
        readingMapsAfter validity: Int64 = MapReader.validity
    ) throws(ControlFailure) -> DiskInventory.Survey {
        let bound = state.withLock { Set($0.bound.keys) }
        do {
            let survey = try inventory.survey(bound: bound, readingMapsAfter: validity)
            let now = steady.nanoseconds()
            state.withLock {
                $0.survey = survey
                $0.surveyed = now
            }
            return survey
        } catch {
            throw ControlFailure(.inputOutput, error.message, remedy: "mtctl health says more.")
        }
    }

    /// The last survey where it is young, else a new one, which reads through no map that the watch over the disks has
    /// read. Whoever comes while one is made waits for it.
    func recentSurvey(within age: Int64 = freshness) throws(ControlFailure) -> DiskInventory.Survey {
        let outcome = surveying.withLock { _ -> Result<DiskInventory.Survey, ControlFailure> in
            let now = steady.nanoseconds()
            let recent = state.withLock { $0.surveyed > now - age ? $0.survey : nil }
            return Result { () throws(ControlFailure) in
                if let recent { recent } else { try survey(readingMapsAfter: .max) }
            }
        }
        return try outcome.get()
    }

    /// Every change of the machine's devices means: ``survey()``.
    func changes() throws(InventoryError) -> AsyncStream<DiskChange> { try inventory.changes() }

    /// What the last survey found about disks that groups write to, with those groups.
    package func troubles(_ survey: DiskInventory.Survey) -> [(group: String, finding: DiskFinding)] {
        let bound = state.withLock { $0.bound }
        return survey.findings.filter { $0.stopsGroup || $0.degradesGroup }.flatMap { finding in
            Set(finding.identities.compactMap { bound[$0] }).sorted().map { ($0, finding) }
        }
    }

    // MARK: Binding

    /// Says which disks a group writes to, instead of what was said of it before, and keeps others off them.
    package func claim(_ targets: [String], for group: String) {
        let identities = targets.filter(Self.isDisk).compactMap { DiskIdentity(rawValue: $0) }
        let (before, bound) = state.withLock { state in
            let before = state.bound
            state.bound = state.bound.filter { $0.value != group }
            for identity in identities { state.bound[identity] = group }
            return (before, state.bound)
        }
        guard before != bound else { return }
        installGuard(bound, changed: Set(before.keys).symmetricDifference(bound.keys))
    }

    private func installGuard(_ bound: [DiskIdentity: String], changed: Set<DiskIdentity>) {
        var failure: String?
        do {
            let scan = try recentSurvey().scan
            let disks = bound.keys.sorted { $0.rawValue < $1.rawValue }.map {
                UdevGuard.BoundDisk(identity: $0, mapUUID: scan.target($0)?.mapUUID)
            }
            let devices = changed.sorted { $0.rawValue < $1.rawValue }.flatMap { identity in
                let paths = scan.devices(of: identity)
                return paths + Set(paths.compactMap { scan.map(over: $0) })
            }
            try keepers.install(disks, devices)
        } catch {
            failure = "\(error)"
            logger.error(
                "Others on this machine could not be told to leave bound disks alone.",
                metadata: ["reason": "\(error)"])
        }
        let outcome = failure
        state.withLock { $0.guardFailure = outcome }
    }

    /// The disks that groups write to.
    package var boundIdentities: Set<DiskIdentity> { state.withLock { Set($0.bound.keys) } }

    /// The groups that write to disks, by identity.
    var boundGroups: [DiskIdentity: String] { state.withLock { $0.bound } }

    /// The group that writes to a disk.
    func group(of identity: DiskIdentity) -> String? { state.withLock { $0.bound[identity] } }

    /// How many disks were ever seen.
    var knownDisks: Int { inventory.known.records.count }

    /// Why bound disks are not guarded; nil when they are.
    package var guardFailure: String? { state.withLock { $0.guardFailure } }

    /// The node to open for a target, now, after every rule was asked.
    ///
    /// - Parameters:
    ///   - target: An identity, as the record has it or an operator wrote it.
    ///   - isNew: Whether it is about to be bound: then the machine is looked at anew.
    /// - Throws: All refusals of it, as sentences.
    package func device(
        of target: String, size: ByteCount, for group: String, isNew: Bool
    ) throws(ControlFailure) -> (node: String, number: DeviceNumber) {
        let survey = isNew ? try survey() : try recentSurvey()
        let identity = try identity(target, in: survey.scan)
        // What is less than critical is about a disk that nobody writes to yet, and is no reason not to begin.
        let reason = survey.findings.first {
            $0.stopsGroup && $0.severity == .critical && $0.identities.contains(identity)
        }
        if let finding = reason {
            throw ControlFailure(.refused, finding.message, remedy: finding.remedy)
        }
        guard !survey.scan.devices(of: identity).isEmpty else {
            throw ControlFailure(
                .unavailable, "No disk with identity \(identity) is here.",
                remedy: "Attach it; mtctl disks shows those that are.")
        }
        var requirement = TargetRules.Requirement(size: size)
        requirement.bound = state.withLock { $0.bound }.filter { isNew || $0.value != group }
        let target = survey.scan.target(identity)
        requirement.wasBelieved = !isNew
        if let target, target.kind == .multipathMap {
            requirement.proof = isNew ? inventory.prove(target, in: survey.scan) : survey.proofs[target.name]
        }
        let verdict = rules.judge(identity, in: survey.scan, for: requirement)
        guard verdict.isAccepted, let target else {
            throw ControlFailure(
                .refused, verdict.refusals.joined(separator: " "),
                remedy: "mtctl disks shows which disks may be targets.")
        }
        return (target.devnode, target.deviceNumber)
    }

    /// The device to write to a target by: see ``DiskInventory/DiskInventory/watched(_:of:in:steady:)``.
    func watched(_ device: any BlockDevice, of target: String) throws(ControlFailure) -> any BlockDevice {
        guard let identity = DiskIdentity(rawValue: target) else { return device }
        return inventory.watched(device, of: identity, in: try recentSurvey().scan, steady: steady)
    }

    // MARK: Reports

    /// Every disk and map, each with its verdict, as of now.
    package func report() throws(ControlFailure) -> DiskList {
        let survey = try survey()
        let bound = state.withLock { $0.bound }
        let disks = survey.scan.disks.filter { disk in
            (disk.isPhysical && survey.scan.map(over: disk) == nil) || disk.kind == .multipathMap
        }
        return DiskList(
            disks: disks.map { report($0, survey, bound) }, findings: survey.findings.map(DiskFindingReport.init))
    }

    private func report(_ disk: Disk, _ survey: DiskInventory.Survey, _ bound: [DiskIdentity: String]) -> MachineDisk {
        let scan = survey.scan
        let group = disk.identity.flatMap { bound[$0] }
        var refusals: [String] = []
        if group == nil {
            let requirement = TargetRules.Requirement(size: .zero, proof: survey.proofs[disk.name])
            refusals = rules.judge(disk, in: scan, for: requirement).refusals
        }
        return MachineDisk(
            identity: disk.identity?.rawValue, device: disk.name, kind: disk.kind.rawValue, sizeBytes: disk.size,
            logicalBlockSize: disk.logicalBlockSize, vendor: disk.vendor, model: disk.model, serial: disk.serialNumber,
            transport: disk.transport.rawValue, address: disk.address?.description,
            paths: disk.kind == .multipathMap ? scan.paths(of: disk).map(\.name) : [], group: group, refusals: refusals)
    }
}

extension DiskFindingReport {
    init(_ finding: DiskFinding) {
        let severity: Severity =
            switch finding.severity {
            case .notice: .notice
            case .warning: .warning
            case .critical: .critical
            }
        self.init(
            kind: finding.kind.rawValue, severity: severity, identities: finding.identities.map(\.rawValue),
            devices: finding.devices, message: finding.message, remedy: finding.remedy)
    }
}
