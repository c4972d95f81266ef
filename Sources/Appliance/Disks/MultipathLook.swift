// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import LinuxSystem
import Multipath
import StoragePrimitives

/// multipathd, its maps and our part of its configuration, looked at together. Blocks: it asks multipathd and reads disks.
///
/// It needs root and not the agent: the agent answers with it, and `mtctl multipath` looks by itself where that is away.
public struct MultipathLook: Sendable {
    let daemon: any MultipathDaemon
    let dropInFolder: String

    init(_ daemon: any MultipathDaemon = MultipathSocket(), dropInFolder: String = MultipathDropIn.folder) {
        self.daemon = daemon
        self.dropInFolder = dropInFolder
    }

    private static let thread = DiskThread(name: "mt-multipath")

    /// What can be seen while the agent does not answer.
    ///
    /// - Parameter configPath: The agent's configuration file, which says where groups' records are.
    public static func withoutAgent(configPath: String) async throws -> MultipathReport {
        let configuration = try await ApplianceConfiguration.local(configPath)
        return try await thread.run {
            let bound = try RecordedTargets.identities(statePath: configuration.statePath)
            return MultipathLook().report(try SystemDiskSource().scan(), bound: bound)
        }
    }

    /// Everything, as of now.
    func report(_ scan: DiskScan, bound: [DiskIdentity: String]) -> MultipathReport {
        let dropIn = MultipathDropIn(protectedIdentities: scan.rootIdentities)
        var report = MultipathReport(
            isRunning: true, dropIn: "\(dropInFolder)/\(MultipathDropIn.fileName)",
            isDropInInstalled: isInstalled(dropIn))
        if !report.isDropInInstalled {
            report.findings.append(
                "\(report.dropIn) is not there, or does not say what it should: mtctl host prepare shows the "
                    + "difference, and with --apply writes it.")
        }
        do {
            let maps = try daemon.maps()
            report.maps = maps.sorted { $0.name < $1.name }.map { map($0, scan, bound) }
            report.findings += ConfigurationAudit.findings(in: try daemon.configuration(), for: dropIn).map(\.sentence)
        } catch {
            report.isRunning = error.code != .notRunning
            report.problem = error.description
        }
        report.findings += report.maps.filter { $0.severity != .notice }.map(\.state)
        report.findings += report.maps.filter { !$0.isBelieved }.map(\.evidence)
        report.findings += Self.withoutMap(scan, report.maps)
        return report
    }

    private func isInstalled(_ dropIn: MultipathDropIn) -> Bool {
        // A folder that cannot be read holds nothing that has an effect.
        guard let folder = try? DirectoryFolder(path: dropInFolder) else { return false }
        return (try? dropIn.isInstalled(in: folder)) ?? false  // as above
    }

    /// Devices of one identity that no map joins.
    private static func withoutMap(_ scan: DiskScan, _ maps: [MultipathReport.Map]) -> [String] {
        LedgerFindings.findings(scan, ledger: Ledger(), bound: []).filter { $0.kind == .duplicateIdentity }
            .map { $0.remedy.isEmpty ? $0.message : "\($0.message) \($0.remedy)" }
    }

    private func map(
        _ map: MultipathMap, _ scan: DiskScan, _ bound: [DiskIdentity: String]
    ) -> MultipathReport.Map {
        let device = map.devnode.flatMap { scan.disk(named: $0) }
        let (isBelieved, evidence) = Self.belief(map, device, scan)
        let health = MapHealth(map)
        let severity: DiskFindingReport.Severity =
            switch health.severity {
            case .fine: .notice
            case .warning: .warning
            case .critical: .critical
            }
        return MultipathReport.Map(
            name: map.name, identity: map.wwid, device: map.devnode,
            model: [map.vendor, map.product].filter { !$0.isEmpty }.joined(separator: " "),
            state: health.sentence(map: map.name), severity: severity, queueing: map.queueing.words,
            isReadOnly: map.isReadOnly, isSuspended: map.isSuspended, pathFaults: map.pathFaults,
            isBelieved: isBelieved, evidence: evidence,
            group: DiskIdentity(rawValue: map.wwid).flatMap { bound[$0] },
            pathGroups: map.groups.map { group in
                MultipathReport.PathGroup(
                    number: group.number, state: group.state.word, priority: group.priority, selector: group.selector,
                    paths: group.paths.map { path in
                        MultipathReport.Path(
                            device: path.devnode, address: scan.disk(named: path.devnode)?.address?.description,
                            isUp: path.isUp, state: path.state.word, checker: path.checkerState.word,
                            deviceState: path.deviceState)
                    })
            })
    }

    /// Whether the map is one disk, and on what that rests.
    private static func belief(_ map: MultipathMap, _ device: Disk?, _ scan: DiskScan) -> (Bool, String) {
        guard let device else { return (false, "Map \(map.name) is not in the kernel, so it is no target.") }
        let paths = scan.paths(of: device)
        let differences = MapProof.differences(among: paths)
        if !differences.isEmpty {
            return (false, "Map \(map.name) is not one disk. " + differences.joined(separator: " "))
        }
        guard paths.count > 1 else { return (true, "It has one path, so nothing was joined.") }
        let proof = MapReader().read(device, in: scan)
        if let refusal = proof.refusal { return (false, "Map \(map.name) is not believed to be one disk: \(refusal)") }
        let words = "Its \(paths.count) paths agree in all they say, and read the same at \(proof.sampled) places"
        return (
            true,
            proof.informative > 0
                ? "\(words), \(proof.informative) of which are not zeroes."
                : "\(words), all of them zeroes: that is looked at again when something was written."
        )
    }
}

extension QueueingMode {
    /// What becomes of I/O when no path is left.
    fileprivate var words: String {
        switch self {
        case .off, .unset(queuesForever: false): "fails at once without a path"
        case .on, .unset(queuesForever: true): "waits without a path"
        case .limited(let limit): "waits without a path (\(limit)), then fails"
        }
    }
}

extension PathGroup.GroupState {
    fileprivate var word: String {
        switch self {
        case .active: "active"
        case .enabled: "enabled"
        case .disabled: "disabled"
        case .other(let word): word
        }
    }
}

extension MultipathPath.PathState {
    fileprivate var word: String {
        switch self {
        case .active: "active"
        case .failed: "failed"
        case .other(let word): word
        }
    }
}
