// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Compares what is there with what is known. The name under /dev means nothing here.
public enum LedgerFindings {
    /// Everything that somebody has to know, the worst first.
    ///
    /// - Parameters:
    ///   - bound: Disks that groups write to: what is found of them is worse.
    ///   - proofs: What was read through the paths of maps, by the maps' names.
    ///   - arriving: Devices that have just come up and may be taken into a map yet.
    public static func findings(
        _ scan: DiskScan, ledger: Ledger, bound: Set<DiskIdentity>, proofs: [String: MapProof] = [:],
        arriving: Set<String> = []
    ) -> [DiskFinding] {
        let all =
            duplicates(in: scan, arriving: arriving) + mixedMaps(in: scan, proofs: proofs)
            + changes(scan, ledger, bound) + withoutIdentity(scan)
        return all.enumerated().sorted { left, right in
            left.element.severity != right.element.severity
                ? left.element.severity > right.element.severity : left.offset < right.offset
        }.map(\.element)
    }

    /// One identity at several devices that are not the paths of one map.
    static func duplicates(in scan: DiskScan, arriving: Set<String>) -> [DiskFinding] {
        let devices = Dictionary(grouping: scan.disks.filter { $0.isPhysical && $0.identity != nil }) { $0.identity }
        return devices.compactMap { identity, all -> DiskFinding? in
            let disks = all.filter { !arriving.contains($0.name) }
            guard let identity, disks.count > 1 else { return nil }
            let maps = Set(disks.map { scan.map(over: $0)?.name })
            guard maps.count > 1 || maps.contains(nil) else { return nil }
            return DiskFinding(
                .duplicateIdentity, .critical, identities: [identity], devices: disks.map(\.name),
                message:
                    "\(list(disks.map(described))) answer with one identity, \(identity), and are not the paths of "
                    + "one multipath map. None of them is used.",
                remedy: "If they are paths to one disk, start multipathd; if they are copies of one disk, give one of "
                    + "them another identity, or detach it.")
        }.sorted { $0.devices.lexicographicallyPrecedes($1.devices) }
    }

    /// A map over two disks: its paths do not agree on what they are, or do not read the same.
    static func mixedMaps(in scan: DiskScan, proofs: [String: MapProof]) -> [DiskFinding] {
        scan.disks.compactMap { map in
            guard map.kind == .multipathMap, !map.slaves.isEmpty else { return nil }
            let paths = scan.paths(of: map)
            var reasons = paths.isEmpty ? [] : MapProof.differences(among: paths)
            if let difference = proofs[map.name]?.difference { reasons.append(difference) }
            guard !reasons.isEmpty else { return nil }
            let name = map.mapName ?? map.name
            return DiskFinding(
                .mixedMap, .critical,
                identities: Set(paths.compactMap(\.identity)).sorted { $0.rawValue < $1.rawValue },
                devices: [map.name] + paths.map(\.name),
                message: "multipathd has joined different disks into one map, \(name): "
                    + reasons.joined(separator: " ") + " None of \(list(paths.map(described))) is used.",
                remedy:
                    "Keep the right one: detach the other, or give it an identity of its own (a copied virtual disk: "
                    + "remove it from the machine, and add it as a new one); then 'multipath -f \(name)' and "
                    + "'multipath -r'.")
        }
    }

    private static func changes(_ scan: DiskScan, _ ledger: Ledger, _ bound: Set<DiskIdentity>) -> [DiskFinding] {
        ledger.records.values.sorted { $0.identity.rawValue < $1.identity.rawValue }.flatMap { record in
            let devices = scan.devices(of: record.identity)
            let isBound = bound.contains(record.identity)
            guard let device = devices.first else { return [missing(record, scan, ledger, isBound)] }
            return present(record, device, devices, isBound)
        }
    }

    /// A disk that is not there: gone, or another one answers in its place.
    private static func missing(
        _ record: Ledger.Record, _ scan: DiskScan, _ ledger: Ledger, _ isBound: Bool
    ) -> DiskFinding {
        let name = "\(record.model.isEmpty ? "A disk" : record.model) \(record.identity)"
        let occupant = scan.disks.first { disk in
            guard disk.isPhysical, disk.size == record.size, let address = disk.address,
                record.addresses.contains(address)
            else { return false }
            // A disk that was known before this one went is another disk that moved here.
            guard let known = disk.identity.flatMap({ ledger.records[$0] }) else { return true }
            return known.firstSeen > record.lastSeen
        }
        guard let occupant, let address = occupant.address else {
            return DiskFinding(
                .gone, isBound ? .critical : .notice, identities: [record.identity], devices: [],
                message: "\(name) of \(record.size) is gone"
                    + (record.addresses.isEmpty ? "." : "; it was at \(list(record.addresses.map(\.description)))."),
                remedy: isBound
                    ? "Attach the disk again: its group goes on by itself, and its history is kept."
                    : "Where it was taken away on purpose: 'mtctl disks forget \(record.identity)'; else attach it again."
            )
        }
        let now = occupant.identity.map { "answers with \($0) now" } ?? "has no identity now"
        return DiskFinding(
            .identityChanged, isBound ? .critical : .warning,
            identities: [record.identity] + [occupant.identity].compactMap(\.self), devices: [occupant.name],
            message:
                "The disk at \(address) (\(occupant.name), \(occupant.size)) was \(record.identity) and \(now), with "
                + "its size unchanged: a Storage vMotion of this machine, or disk.EnableUUID was changed.",
            remedy:
                "If disk.EnableUUID was changed, set it to TRUE again (machine off). If the disk was moved or exchanged, "
                + "attach it as it was. Where it is meant to be another disk: 'mtctl disks forget \(record.identity)'"
                + (isBound ? ", and protect its source anew; its group stays stopped until then." : "."))
    }

    private static func present(
        _ record: Ledger.Record, _ device: Disk, _ devices: [Disk], _ isBound: Bool
    ) -> [DiskFinding] {
        var findings: [DiskFinding] = []
        let names = devices.map(\.name)
        if !record.isPresent {
            findings.append(
                DiskFinding(
                    .returned, .notice, identities: [record.identity], devices: names,
                    message: "\(described(device)) \(record.identity) is back."))
        }
        if device.size > record.size {
            findings.append(
                DiskFinding(
                    .grown, isBound ? .critical : .notice, identities: [record.identity], devices: names,
                    message: "\(described(device)) \(record.identity) has grown from \(record.size) "
                        + "(\(record.size.rawValue) bytes) to \(device.size) (\(device.size.rawValue) bytes).",
                    remedy: isBound
                        ? "If it was enlarged on purpose: 'mtctl disks accept \(record.identity)'; its group goes on then. Else "
                            + "find out who did it." : ""))
        } else if device.size < record.size {
            findings.append(
                DiskFinding(
                    .shrunk, isBound ? .critical : .warning, identities: [record.identity], devices: names,
                    message: "\(described(device)) \(record.identity) has shrunk from \(record.size) "
                        + "(\(record.size.rawValue) bytes) to \(device.size) (\(device.size.rawValue) bytes).",
                    remedy: isBound ? "Give the disk its size back: nothing is written to it as it is." : ""))
        }
        let addresses = devices.compactMap(\.address)
        if !addresses.isEmpty, !record.addresses.isEmpty, Set(addresses).isDisjoint(with: record.addresses) {
            findings.append(
                DiskFinding(
                    .addressChanged, .warning, identities: [record.identity], devices: names,
                    message: "\(described(device)) \(record.identity) was at "
                        + "\(list(record.addresses.map(\.description))) and is at \(list(addresses.map(\.description))).",
                    remedy: "Nothing, if it was moved on purpose: the disk is known by its identity, and nothing stops."
                ))
        }
        return findings
    }

    /// Disks that cannot be told apart from others.
    static func withoutIdentity(_ scan: DiskScan) -> [DiskFinding] {
        scan.disks.compactMap { disk in
            guard disk.isPhysical, disk.identity == nil, disk.size > .zero else { return nil }
            let damage = disk.identifiers.problems.filter(\.isDamage)
            if !damage.isEmpty {
                return DiskFinding(
                    .damagedIdentity, .warning, identities: disk.identifiers.all, devices: [disk.name],
                    message: "\(described(disk)) answers with damaged identity pages, so nothing of them is believed. "
                        + damage.map(\.description).joined(separator: " "),
                    remedy: "Update the firmware of the array or the hypervisor, or attach the disk in another way.")
            }
            return DiskFinding(
                .noIdentity, .warning, identities: [], devices: [disk.name],
                message: "\(described(disk)) has no identity"
                    + (disk.identifiers.problems.isEmpty
                        ? "." : ": " + disk.identifiers.problems.map(\.description).joined(separator: " ")),
                remedy: IdentityRemedy.text(for: disk, on: scan.platform))
        }
    }

    /// `sdc (VMware Virtual disk, 64 MiB, at 0:0:1:0)`.
    static func described(_ disk: Disk) -> String {
        let model = [disk.vendor, disk.model].compactMap(\.self).joined(separator: " ")
        let parts = [model.isEmpty ? nil : model, "\(disk.size)", disk.address.map { "at \($0)" }].compactMap(\.self)
        return "\(disk.name) (\(parts.joined(separator: ", ")))"
    }

    /// `a, b and c`.
    static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
