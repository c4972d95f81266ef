// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem

/// Groups, for people.
enum GroupOutput {
    static func list(_ groups: [GroupReport], _ console: Console) {
        guard !groups.isEmpty else { return console.print("No groups. Make one with mtctl group create NAME.") }
        var table = Table("GROUP", "STATE", "DISKS", "SENDER", "RPO", "HISTORY")
        for group in groups {
            table.add(
                group.name, group.state.rawValue, "\(group.disks.count)",
                group.throttledBy == nil ? group.isSenderConnected ? "connected" : "away" : "throttled",
                rpo(group), history(group.retention))
        }
        for line in table.lines { console.print(line) }
        for group in groups {
            guard let cause = group.cause else { continue }
            console.print(console.colored("\(group.name): \(cause) \(group.remedy ?? "")", .yellow))
        }
    }

    static func show(_ group: GroupReport, _ console: Console) {
        var sheet = Sheet()
        sheet.add("Group", group.name)
        sheet.add("Id", group.id)
        sheet.add("State", group.state.rawValue)
        sheet.add("Cause", group.cause)
        sheet.add("Remedy", group.remedy)
        sheet.add("Underlying state", group.state == .degraded ? group.underlyingState.rawValue : nil)
        sheet.add("Recovered point", group.recoveredPoint)
        sheet.add("Job", group.job)
        sheet.add("Sender", sender(group))
        if let nbd = group.nbd {
            let points =
                nbd.accuracy == .exact
                ? "points are exact" : "points are not guaranteed until mtctl nbd in-step \(group.name)"
            sheet.add("Fed over NBD", "\(nbd.connections) connections, \(points)")
            sheet.add("Exports", nbd.exports.joined(separator: ", "))
        }
        sheet.add(
            "Permitted senders", group.senders.isEmpty ? "any process server" : group.senders.joined(separator: ", "))
        sheet.add("Fencing token", "\(group.fencingToken)")
        sheet.add("Durable, applied", "\(sequence(group.durableSequence)), \(sequence(group.appliedSequence))")
        sheet.add("Last durable change", group.lastDurable.map { LocalTime.describe($0.timestamp) })
        sheet.add("RPO", "\(rpo(group)) (threshold \(Quantity.describe(seconds: group.policy.rpoThresholdSeconds)))")
        sheet.add("Retention", Quantity.describe(seconds: group.policy.retentionSeconds))
        sheet.add(
            "Application-consistent", "every \(Quantity.describe(seconds: group.policy.applicationConsistentSeconds))")
        sheet.add("History", history(group.retention))
        for line in sheet.lines { console.print(line) }
        guard !group.disks.isEmpty else {
            return console.print("\nNo disks. Bind them with mtctl disk bind \(group.name).")
        }
        console.print("")
        var table = Table("DISK", "SOURCE", "TARGET", "SIZE", "CONTENT")
        for disk in group.disks {
            table.add("\(disk.number)", disk.source, disk.target, "\(disk.sizeBytes)", disk.content)
        }
        for line in table.lines { console.print(line) }
    }

    private static func sender(_ group: GroupReport) -> String {
        guard group.isSenderConnected else { return "away" }
        guard let cause = group.throttledBy else { return "connected" }
        return "throttled by the \(cause.rawValue). \(group.throttleReason ?? "")"
    }

    private static func sequence(_ number: UInt64?) -> String { number.map { "\($0)" } ?? "none" }

    private static func rpo(_ group: GroupReport) -> String {
        guard let seconds = group.rpoSeconds else { return "none" }
        return Quantity.describe(seconds: seconds) + (group.isBeyondRPO == true ? ", beyond its threshold" : "")
    }

    static func history(_ retention: GroupRetentionReport?) -> String {
        guard let retention else { return "none" }
        guard let oldest = retention.oldest, let newest = retention.newest else { return "\(retention.usedBytes)" }
        let span = max(0, newest.timestamp.nanoseconds(since: oldest.timestamp)) / 1_000_000_000
        return "\(retention.usedBytes), \(Quantity.describe(seconds: UInt64(span)))"
    }
}
