// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension TargetRules {
    /// What the rules look at. Each rule stands by itself, so that all refusals can be told at once.
    struct Context {
        let disk: Disk
        let scan: DiskScan
        let requirement: Requirement

        func refusal(_ rule: TargetRule) -> String? {
            switch rule {
            case .identity: identity
            case .unique: unique
            case .wholeDisk: wholeDisk
            case .mapNotPath: mapNotPath
            case .notBound: notBound
            case .notMounted: mounted
            case .notSwap: swap
            case .notHeld: held
            case .notOfTheSystem: system
            case .writable: disk.isReadOnly ? "\(disk.name) is read-only." : nil
            case .largeEnough: largeEnough
            case .blockSize: blockSize
            case .mapBelieved: mapBelieved
            case .exclusiveOpen: nil
            }
        }

        private var identity: String? {
            guard disk.identity == nil else { return nil }
            if disk.kind == .multipathMap {
                return "The paths of \(disk.name) do not answer with one identity, so nobody knows which disk it is."
            }
            guard disk.isPhysical else { return "\(disk.name) has no identity, because it is no disk." }
            let damage = disk.identifiers.problems.map(\.description).joined(separator: " ")
            let remedy = IdentityRemedy.text(for: disk, on: scan.platform)
            return "\(disk.name) has no identity. " + (damage.isEmpty ? "" : damage + " ") + remedy
        }

        /// Paths of one map count once.
        private var unique: String? {
            guard let identity = disk.identity else { return nil }
            let devices = scan.devices(of: identity)
            let maps = Set(devices.map { scan.map(over: $0)?.name })
            guard devices.count > 1, maps.count > 1 || maps.contains(nil) else { return nil }
            return "\(LedgerFindings.list(devices.map(\.name))) answer with one identity, \(identity), and are not the "
                + "paths of one multipath map."
        }

        private var wholeDisk: String? {
            switch disk.kind {
            case .scsi, .nvme, .virtio, .multipathMap:
                disk.size > .zero ? nil : "\(disk.name) has no medium."
            case .deviceMapper:
                "\(disk.name) (\(disk.mapName ?? "device mapper")) is made of \(LedgerFindings.list(disk.slaves)) and is "
                    + "no whole disk."
            case .softwareRAID: "\(disk.name) is a RAID of \(LedgerFindings.list(disk.slaves)) and no whole disk."
            case .loop: "\(disk.name) is made of the file \(disk.backingFile ?? "that is gone") and is no disk."
            case .optical: "\(disk.name) is an optical drive."
            case .other: "\(disk.name) is of a kind that is not known to be a disk."
            }
        }

        private var mapNotPath: String? {
            guard let map = scan.map(over: disk) else { return nil }
            return "\(disk.name) is a path of multipath map \(map.mapName ?? map.name) (\(map.name)); the map is the "
                + "target, never a path."
        }

        private var notBound: String? {
            guard let identity = disk.identity, let group = requirement.bound[identity] else { return nil }
            return "\(disk.name) (\(identity)) is bound to group \(group) already."
        }

        private var mounted: String? {
            sentence {
                if case .mounted = $0 { return true }
                return false
            }
        }

        private var swap: String? {
            sentence {
                if case .swap = $0 { return true }
                return false
            }
        }

        private var held: String? {
            sentence {
                if case .held = $0 { return true }
                return false
            }
        }

        private func sentence(_ isMeant: (DiskUse) -> Bool) -> String? {
            let phrases = scan.uses(of: disk).filter(isMeant).map { $0.phrase(on: disk.name) }
            return phrases.isEmpty ? nil : "\(disk.name) \(LedgerFindings.list(phrases))."
        }

        private var system: String? {
            let words: [(Disk.Role, String)] = [
                (.root, "the system"), (.boot, "what the machine starts from"), (.retention, "the retention volume"),
                (.state, "the appliance's state"), (.swap, "swap"),
            ]
            let held = words.filter { disk.roles.contains($0.0) }.map(\.1)
            return held.isEmpty ? nil : "\(disk.name) carries \(LedgerFindings.list(held))."
        }

        private var largeEnough: String? {
            guard disk.size < requirement.size else { return nil }
            return
                "\(disk.name) has \(disk.size) (\(disk.size.rawValue) bytes), and the source has \(requirement.size) "
                + "(\(requirement.size.rawValue) bytes)."
        }

        private var blockSize: String? {
            let block = UInt64(max(1, disk.logicalBlockSize))
            guard requirement.size.rawValue % block != 0 else { return nil }
            return
                "\(disk.name) has blocks of \(block) bytes, and the source's \(requirement.size.rawValue) bytes are no "
                + "multiple of that."
        }

        private var mapBelieved: String? {
            guard disk.kind == .multipathMap else { return nil }
            let paths = scan.paths(of: disk)
            let differences = MapProof.differences(among: paths)
            let name = disk.mapName ?? disk.name
            if !differences.isEmpty {
                return "Multipath map \(name) is not believed: " + differences.joined(separator: " ")
            }
            guard let proof = requirement.proof else {
                return
                    "Multipath map \(name) is not believed yet: what its paths (\(LedgerFindings.list(paths.map(\.name)))) "
                    + "read was not compared."
            }
            let asked = proof.paths + proof.unread.map(\.path)
            guard Set(asked) == Set(paths.map(\.name)) else {
                return
                    "Multipath map \(name) is not believed: its paths are \(LedgerFindings.list(paths.map(\.name))), "
                    + "and \(LedgerFindings.list(asked)) were compared."
            }
            // A map in use was believed when every path could be read; a path that is down takes nothing of that back.
            if requirement.wasBelieved {
                return proof.difference.map { "Multipath map \(name) is not believed any more: \($0)" }
            }
            return proof.refusal.map { "Multipath map \(name) is not believed: \($0)" }
        }
    }
}
