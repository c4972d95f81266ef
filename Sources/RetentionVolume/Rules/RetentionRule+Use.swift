// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

// What else the volume is used for.
extension RetentionRule {
    static let isNotLocked = RetentionRule("not-locked", "is not locked") { (facts, _) in
        if let crypto = facts.signatures.first(where: { $0.usage == .crypto }) {
            return .failed(
                "\(facts.name) is encrypted (\(crypto.name)) and locked: open it and choose the volume that appears, or "
                    + "another.", isCuredByFormatting: facts.above.isEmpty)
        }
        if facts.isHeld {
            return .failed("\(facts.name) is opened exclusively by a program: see 'fuser -v /dev/\(facts.name)'.")
        }
        return .met("Nobody has it to himself.")
    }

    static let isNotDivided = RetentionRule("not-divided", "is not divided or part of something") { (facts, _) in
        guard !facts.above.isEmpty else { return .met("Nothing is made of it.") }
        let names = facts.above.map(\.name).joined(separator: ", ")
        return .failed(
            "\(facts.name) holds \(names): choose one of these, or take them apart first. Nothing does it for you.")
    }

    static let isNotMountedElsewhere = RetentionRule("not-mounted-elsewhere", "is mounted nowhere else") {
        (facts, context) in
        let elsewhere = facts.mounts.filter { $0.target != context.path }
        guard elsewhere.isEmpty else {
            let places = elsewhere.map { "\($0.source) on \($0.target)" }.joined(separator: ", ")
            return .failed(
                "\(facts.name) is in use: \(places) is mounted. Unmount it, and take it out of /etc/fstab.")
        }
        return .met(facts.mounts.isEmpty ? "It is not mounted." : "It is mounted on \(context.path) alone.")
    }

    static let isNotSwap = RetentionRule("not-swap", "is not swap space") { (facts, _) in
        if !facts.swaps.isEmpty {
            return .failed(
                "\(facts.name) holds swap space in use (\(facts.swaps.joined(separator: ", "))): choose another volume."
            )
        }
        if let swap = facts.signatures.first(where: { $0.name == "swap" || $0.name == "swsuspend" }) {
            return .failed(
                "\(facts.name) is swap space that is not in use (\(swap.title)): choose another volume, or take it out "
                    + "of /etc/fstab first.", isCuredByFormatting: true)
        }
        return .met("No swap lies on it.")
    }

    static let isNotSystem = RetentionRule("not-system", "is not the root, boot or system volume") {
        (facts, context) in
        use(of: facts, in: context, for: [.root, .boot, .system], otherwise: "The system does not lie on it.")
    }

    static let isNotInstallationOrCache = RetentionRule(
        "not-installation-or-cache", "is not the installation or cache volume"
    ) { (facts, context) in
        use(
            of: facts, in: context, for: [.installation, .cache],
            otherwise: "Neither the programs nor the appliance's state lie on it.")
    }

    private static func use(
        of facts: VolumeFacts, in context: RetentionContext, for purposes: Set<SystemLayout.Use.Purpose>,
        otherwise sentence: String
    ) -> RuleOutcome {
        // A volume without a device of this machine is known by the number of its filesystem.
        var own = Set(facts.above.map(\.number))
        if let node = facts.node { own.insert(node.number) } else { own.formUnion(facts.mounts.map(\.device)) }
        let uses = context.layout.uses.filter { purposes.contains($0.purpose) && !$0.devices.isDisjoint(with: own) }
        guard !uses.isEmpty else { return .met(sentence) }
        let folders = uses.map(\.folder).joined(separator: ", ")
        return .failed("\(folders) \(uses.count == 1 ? "lies" : "lie") on \(facts.name): choose another volume.")
    }

    static let isNotTarget = RetentionRule("not-a-target", "is not a replication target") { (facts, context) in
        var relatives = facts.below + facts.above
        if let node = facts.node {
            relatives.insert(VolumeFacts.Relative(node.name, number: node.number, identity: node.identity), at: 0)
        }
        let target = relatives.first { relative in
            context.targets.contains(relative.number)
                || relative.identity.map { context.targetIdentities.contains($0) } ?? false
        }
        guard let target else { return .met("No replication target is bound to it or to what it is made of.") }
        let which = target.name == facts.name ? "is" : "belongs with \(target.name), which is"
        return .failed("\(facts.name) \(which) a replication target: choose another volume.")
    }

    /// Not a condition of R-07, but of peace: a disk that dies takes both with it, and their I/O is in each other's way.
    static let isApartFromRoot = RetentionRule("apart-from-root", "lies on other disks than the root filesystem") {
        (facts, context) in
        let root = context.layout.uses.filter { $0.purpose == .root }.reduce(into: Set()) { $0.formUnion($1.devices) }
        guard let shared = facts.below.first(where: { root.contains($0.number) }) else {
            return .met("It shares no disk with the root filesystem.")
        }
        return .warned("It shares \(shared.name) with the root filesystem; a disk of its own is better.")
    }
}
