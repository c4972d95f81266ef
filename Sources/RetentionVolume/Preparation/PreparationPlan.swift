// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What has to be done to make a volume the retention volume. Made without touching anything; empty when all is done.
public struct PreparationPlan: Hashable, Sendable {
    /// What the machine is like where the rules do not ask.
    public struct Surroundings: Hashable, Sendable {
        /// Whether systemd runs.
        public var hasSystemd: Bool
        /// Whether the retention folder is there.
        public var hasFolder: Bool
        /// The text of the unit that is there; nil when there is none.
        public var unitText: String?
        /// The mount table.
        public var mounts: [MountEntry]

        /// Surroundings.
        public init(hasSystemd: Bool, hasFolder: Bool = true, unitText: String? = nil, mounts: [MountEntry] = []) {
            self.hasSystemd = hasSystemd
            self.hasFolder = hasFolder
            self.unitText = unitText
            self.mounts = mounts
        }
    }

    /// The steps, in order.
    public let steps: [PreparationStep]
    /// What is worth knowing before they are done.
    public let warnings: [String]
    /// The identity that the volume has afterwards.
    public let uuid: String

    /// What is lost, by name; empty when nothing is.
    public var losing: [String] {
        steps.flatMap { step -> [String] in if case .format(let format) = step { format.losing } else { [] } }
    }

    /// Makes a plan, or says why there can be none.
    ///
    /// A device that carries anything is made anew only when each signature is named; a filesystem of ours is used again.
    ///
    /// - Throws: ``RetentionVolumeError`` with `.refused`, `.wouldDestroy` or `.badPath`.
    public init(
        _ request: PreparationRequest, for facts: VolumeFacts, in context: RetentionContext,
        surroundings: Surroundings
    ) throws(RetentionVolumeError) {
        let candidate = RetentionCandidate(facts, in: context)
        guard let node = facts.node, let devnode = facts.devnode, candidate.lastingReasons.isEmpty else {
            throw RetentionVolumeError(
                .refused, object: facts.name, detail: Self.sentences(candidate.lastingReasons))
        }
        if let other = surroundings.mounts.at(request.path),
            !facts.mounts.contains(where: { $0.target == request.path })
        {
            throw RetentionVolumeError(
                .refused, object: facts.name,
                detail: "\(other.source) (\(other.type)) is mounted on \(request.path) already; unmount it first")
        }
        let isMounted = facts.mounts.contains { $0.target == request.path }
        let kept = Self.kept(facts, request: request, isMounted: isMounted)
        var steps: [PreparationStep] = []
        if kept == nil {
            let losing = try Self.losing(facts, request: request, isMounted: isMounted)
            steps.append(
                .format(
                    PreparationStep.Format(
                        devnode: devnode, device: node.number, losing: losing, filesystem: request.filesystem,
                        uuid: request.uuid)))
        }
        let uuid = kept?.uuid ?? request.uuid
        let type = kept?.name ?? request.filesystem.rawValue
        let unit = try MountUnit(path: request.path, uuid: uuid, type: type)
        if !surroundings.hasFolder { steps.append(.makeFolder(request.path)) }
        let isUnitNew = surroundings.unitText != unit.text
        if isUnitNew { steps.append(.writeUnit(unit)) }
        if surroundings.hasSystemd {
            if isUnitNew || !isMounted { steps.append(.startUnit(unit)) }
        } else if !isMounted {
            // `nofail` is systemd's and fstab's, not the kernel's.
            let options = MountUnit.options.split(separator: ",").filter { $0 != "nofail" }.joined(separator: ",")
            steps.append(.mount(devnode: devnode, path: request.path, type: type, options: options))
        }
        self.steps = steps
        self.uuid = uuid
        var warnings = candidate.warnings
        if !surroundings.hasSystemd, !steps.isEmpty {
            warnings.append("systemd does not run here, so the volume is mounted now, and not at the next start.")
        }
        self.warnings = warnings
    }

    /// The filesystem that is used as it is; nil when one has to be made.
    private static func kept(
        _ facts: VolumeFacts, request: PreparationRequest, isMounted: Bool
    ) -> VolumeSignature? {
        guard facts.signatures.count == 1, let signature = facts.signatures.first,
            RetentionRule.workingFilesystems.contains(signature.name), signature.uuid != nil
        else { return nil }
        // Where it is mounted already it was prepared before, whatever may be lost: a second run changes nothing.
        if isMounted { return signature }
        if covers(request.destroying, facts.signatures) { return nil }
        return signature.label == PreparationRequest.label || request.isAdopting ? signature : nil
    }

    private static func losing(
        _ facts: VolumeFacts, request: PreparationRequest, isMounted: Bool
    ) throws(RetentionVolumeError) -> [String] {
        if let problem = facts.signatureProblem {
            throw RetentionVolumeError(.refused, object: facts.name, detail: "what it carries is unknown: \(problem)")
        }
        if isMounted {
            throw RetentionVolumeError(
                .refused, object: facts.name, detail: "it is mounted on \(request.path); unmount it first")
        }
        guard covers(request.destroying, facts.signatures) else {
            let titles = facts.signatures.map(\.title).joined(separator: ", ")
            let flags = facts.signatures.map { "--yes-destroy \($0.name)" }.joined(separator: " ")
            let working =
                facts.signatures.count == 1 && RetentionRule.workingFilesystems.contains(facts.signatures[0].name)
            throw RetentionVolumeError(
                .wouldDestroy, object: facts.name,
                detail: "it carries \(titles). To lose that, add \(flags)"
                    + (working ? "; to use the filesystem as it is, add --adopt" : ""))
        }
        return Set(facts.signatures.map(\.name)).sorted()
    }

    /// Whether every signature was named.
    private static func covers(_ named: Set<String>, _ signatures: [VolumeSignature]) -> Bool {
        let names = Set(named.map { $0.lowercased() })
        return signatures.allSatisfy { names.contains($0.name.lowercased()) }
    }

    private static func sentences(_ reasons: [String]) -> String {
        let text = reasons.isEmpty ? "it is no block device of this machine" : reasons.joined(separator: " ")
        return text.last == "." ? String(text.dropLast()) : text
    }

    /// Does the steps, in order, until one fails. What was done stays; the same request goes on from there.
    ///
    /// - Parameter progress: Called before each step.
    public func apply(
        on system: some PreparationSystem, progress: (PreparationStep) -> Void = { _ in }
    ) throws(RetentionVolumeError) {
        for step in steps {
            progress(step)
            try system.perform(step)
        }
    }
}
