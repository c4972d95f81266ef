// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import LinuxSystem
import RetentionVolume
import StoragePrimitives

/// What `mtctl retention candidates` and `mtctl retention prepare` do.
///
/// They run where they are called, as root, and not in the agent: the agent may be waiting for just this volume, and is
/// given no right to make filesystems or to mount. What groups write to is read from their records.
public struct RetentionSetup: Sendable {
    /// What is asked of ``prepare(_:isDryRun:confirm:progress:)``.
    public struct Request: Sendable {
        /// A disk's identity, or a name such as `/dev/sdc1`.
        public var volume: String
        /// `xfs` or `ext4`.
        public var filesystem: String
        /// Signatures that may be lost, by name.
        public var destroying: Set<String>
        /// Whether a filesystem that works and was not made here is used as it is.
        public var isAdopting: Bool

        /// A request.
        public init(volume: String, filesystem: String, destroying: Set<String>, isAdopting: Bool) {
            self.volume = volume
            self.filesystem = filesystem
            self.destroying = destroying
            self.isAdopting = isAdopting
        }
    }

    private static let thread = DiskThread(name: "mt-retention")
    private let places: AppliancePlaces
    private let unitFolder: String

    /// On this machine.
    public init(_ places: AppliancePlaces) { self.init(places, unitFolder: MountUnit.folder) }

    /// - Parameter unitFolder: Where the mount unit is written.
    package init(_ places: AppliancePlaces, unitFolder: String) {
        self.places = places
        self.unitFolder = unitFolder
    }

    /// The filesystems that can be made.
    public static var filesystems: [String] { PreparationRequest.Filesystem.allCases.map(\.rawValue) }

    /// Every volume of this machine, judged by every rule.
    ///
    /// - Parameter volume: Only this one: an identity or a name.
    public func candidates(_ volume: String? = nil) async throws -> RetentionCandidateList {
        try await named { look in
            let chosen = try volume.map { [try look.facts(of: $0)] } ?? look.inspection.volumes
            return RetentionCandidateList(
                path: look.context.path,
                candidates: RetentionCandidate.all(chosen, in: look.context).map { candidate in
                    RetentionCandidateReport(candidate, identity: look.identity(of: candidate.facts))
                })
        }
    }

    /// Makes a volume the retention volume: what is done already is left alone, and a run that was stopped goes on.
    ///
    /// - Parameters:
    ///   - confirm: Asked once before anything is changed; throws where that is not meant.
    ///   - progress: Told each step before it is done.
    public func prepare(
        _ request: Request, isDryRun: Bool, confirm: @escaping @Sendable (RetentionPreparationReport) throws -> Void,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> RetentionPreparationReport {
        guard let filesystem = PreparationRequest.Filesystem(rawValue: request.filesystem) else {
            throw ControlFailure(
                .invalidRequest, "\(request.filesystem) cannot be made.",
                remedy: "Use \(Self.filesystems.joined(separator: " or ")).")
        }
        return try await named { [unitFolder] look in
            let facts = try look.facts(of: request.volume)
            let system = SystemPreparation(unitFolder: unitFolder)
            let plan = try PreparationPlan(
                PreparationRequest(
                    volume: facts.name, filesystem: filesystem, path: look.context.path,
                    destroying: request.destroying, isAdopting: request.isAdopting),
                for: facts, in: look.context, surroundings: try system.surroundings(path: look.context.path))
            var report = RetentionPreparationReport(
                device: facts.name, path: look.context.path, uuid: plan.uuid, steps: plan.steps.map(\.sentence),
                losing: plan.losing, warnings: plan.warnings, isDone: plan.steps.isEmpty)
            guard !isDryRun, !plan.steps.isEmpty else { return report }
            try confirm(report)
            try plan.apply(on: system) { progress($0.sentence) }
            report.isDone = true
            return report
        }
    }

    private func named<Value: Sendable>(
        _ body: @escaping @Sendable (RetentionLook) throws -> Value
    ) async throws -> Value {
        do {
            return try await Self.thread.run { [places] in try body(try RetentionLook(places)) }
        } catch let error as RetentionVolumeError {
            throw ControlFailure(error)
        } catch let error as DeviceError {
            throw LocalLook.failure(error)
        }
    }
}

/// This machine's volumes and what they are judged against, at one time. Making it blocks.
struct RetentionLook {
    let inspection: VolumeInspector.Inspection
    let context: RetentionContext
    private let scan: DiskScan

    init(_ places: AppliancePlaces) throws {
        let bound = try RecordedTargets.identities(statePath: places.statePath)
        scan = try SystemDiskSource().scan()
        inspection = try VolumeInspector().inspect(
            path: places.retentionPath, folders: SystemLayout.folders(cache: [places.statePath]))
        context = RetentionContext(
            path: places.retentionPath, layout: inspection.layout, scan: scan, bound: Set(bound.keys))
    }

    /// The volume that an operator means: a name counts for this moment only, which is all that is needed here.
    func facts(of text: String) throws -> VolumeFacts {
        let name = text.hasPrefix("/dev/") ? String(text.dropFirst(5)) : text
        if let facts = inspection.volumes.first(where: { $0.name == name || $0.name == text }) { return facts }
        // A link, such as those under /dev/disk/by-id and /dev/mapper.
        if let number = SystemFiles.blockDeviceNumber(text),
            let facts = inspection.volumes.first(where: { $0.node?.number == number })
        {
            return facts
        }
        if let identity = DiskIdentity(rawValue: text), let facts = try facts(of: identity) { return facts }
        throw RetentionVolumeError(.noSuchVolume, object: text)
    }

    private func facts(of identity: DiskIdentity) throws -> VolumeFacts? {
        let devices = scan.devices(of: identity)
        if let target = scan.target(identity) {
            return inspection.volumes.first { $0.node?.number == target.deviceNumber }
        }
        guard devices.isEmpty else {
            throw RetentionVolumeError(
                .refused, object: identity.rawValue,
                detail: "\(devices.map(\.name).joined(separator: " and ")) answer with this identity, and no multipath "
                    + "map joins them")
        }
        return nil
    }

    func identity(of facts: VolumeFacts) -> String? { scan.disk(named: facts.name)?.identity?.rawValue }
}

extension RetentionContext {
    /// The rules' context, with the devices that the targets' identities are now: sysfs spells identities in another way.
    init(path: String, layout: SystemLayout, scan: DiskScan, bound: Set<DiskIdentity>) {
        var targets: Set<DeviceNumber> = []
        for identity in bound {
            for device in scan.devices(of: identity) {
                targets.insert(device.deviceNumber)
                if let map = scan.map(over: device) { targets.insert(map.deviceNumber) }
            }
        }
        self.init(path: path, layout: layout, targets: targets, targetIdentities: Set(bound.map(\.rawValue)))
    }
}

extension RetentionCandidateReport {
    fileprivate init(_ candidate: RetentionCandidate, identity: String?) {
        let facts = candidate.facts
        self.init(
            device: facts.name, identity: identity, sizeBytes: facts.size, signatures: facts.signatures.map(\.name),
            mountedOn: facts.mounts.map(\.target), verdict: candidate.verdict.rawValue,
            rules: candidate.results.map { result in
                let outcome =
                    switch result.outcome {
                    case .met: "met"
                    case .warned: "warned"
                    case .unprepared: "unprepared"
                    case .failed: "failed"
                    }
                return Rule(rule: result.rule, title: result.title, outcome: outcome, sentence: result.outcome.sentence)
            })
    }
}

extension ControlFailure {
    /// The sentence has the remedy where there is one.
    init(_ error: RetentionVolumeError) {
        let code: Code =
            switch error.code {
            case .noSuchVolume: .notFound
            case .refused, .changedMeanwhile: .refused
            case .wouldDestroy: .notConfirmed
            case .badPath: .invalidRequest
            case .unreadableTable, .unreadableDevices, .unreadableSignatures, .mountFailed, .formatFailed, .unitFailed:
                .inputOutput
            }
        self.init(code, error.description, remedy: "")
    }
}
