// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Compares what is there with what is known. The name under /dev means nothing here.
public enum LedgerFindings {
    /// Everything that somebody has to know, the worst first.
    ///
    /// - Parameter bound: Disks that groups write to: what is found of them is worse.
    public static func findings(_ scan: DiskScan, ledger: Ledger, bound: Set<DiskIdentity>) -> [DiskFinding] {
        let all =
            duplicates(in: scan) + mixedMaps(in: scan) + changes(scan, ledger, bound) + withoutIdentity(scan)
        return all.enumerated().sorted { left, right in
            left.element.severity != right.element.severity
                ? left.element.severity > right.element.severity : left.offset < right.offset
        }.map(\.element)
    }

    /// One identity at several devices that are not the paths of one map.
    static func duplicates(in scan: DiskScan) -> [DiskFinding] {
        let devices = Dictionary(grouping: scan.disks.filter { $0.isPhysical && $0.identity != nil }) { $0.identity }
        return devices.compactMap { identity, disks -> DiskFinding? in
            guard let identity, disks.count > 1 else { return nil }
            let maps = Set(disks.map { scan.map(over: $0)?.name })
            guard maps.count > 1 || maps.contains(nil) else { return nil }
            let names = disks.map(\.name)
            return DiskFinding(
                .duplicateIdentity, .critical, identities: [identity], devices: names,
                message:
                    "\(list(disks.map(described))) answer with one identity, \(identity), and are not the paths of "
                    + "one multipath map. None of them is used.",
                remedy: "If they are paths to one disk, start multipathd; if they are copies of one disk, give one of "
                    + "them another identity, or detach it.")
        }.sorted { $0.devices.lexicographicallyPrecedes($1.devices) }
    }

    /// A map whose paths do not answer with one identity.
    static func mixedMaps(in scan: DiskScan) -> [DiskFinding] {
        scan.disks.compactMap { map in
            guard map.kind == .multipathMap else { return nil }
            let paths = scan.paths(of: map)
            let identities = Set(paths.map(\.identity))
            guard identities.count > 1 else { return nil }
            let words = paths.map { "\($0.name) is \($0.identity?.rawValue ?? "without identity")" }
            return DiskFinding(
                .mixedMap, .critical, identities: identities.compactMap(\.self).sorted { $0.rawValue < $1.rawValue },
                devices: [map.name] + paths.map(\.name),
                message: "The paths of multipath map \(map.mapName ?? map.name) are not one disk: \(list(words)).",
                remedy:
                    "Flush the map (multipath -f \(map.mapName ?? map.name)) and find out why the identities differ.")
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
                    : "Nothing, where it was taken away on purpose: mtctl disks forget \(record.identity) drops it.")
        }
        let now = occupant.identity.map { "answers with \($0) now" } ?? "has no identity now"
        return DiskFinding(
            .identityChanged, isBound ? .critical : .warning,
            identities: [record.identity] + [occupant.identity].compactMap(\.self), devices: [occupant.name],
            message:
                "The disk at \(address) (\(occupant.name), \(occupant.size)) was \(record.identity) and \(now), with "
                + "its size unchanged: a Storage vMotion of this machine, or disk.EnableUUID was changed.",
            remedy: "Do not move this machine's disks while it is in use for failback. Set disk.EnableUUID to TRUE, "
                + "attach the disk as it was, or release it, forget the old identity (mtctl disks forget "
                + "\(record.identity)) and protect again.")
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
                        ? "If you enlarged it, say so: mtctl disks accept \(record.identity)." : ""))
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
                    remedy: "Nothing: the disk is known by its identity."))
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
