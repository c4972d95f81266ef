// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// Values of the site's interface, as a server would send them.
enum Sample {
    static let masterTarget = "0f8fad5b-d9cb-469f-a165-111111111111"
    static let processServer = "7c9e6679-7425-40de-944b-222222222222"
    static let job = "3f2a91c0-1111-4222-8333-444444444444"
    /// 2026-11-21 12:00:00 UTC.
    static let noon = DateTime(Timestamp.seconds(1_795_262_400))
    /// A text that does to a terminal what it may not: title, cursor, color, direction, line, C1.
    static let hostile = "x\u{1B}]0;pwned\u{07}\u{1B}[2J\u{1B}[31mred\u{9B}1A\r\n\u{202E}evil\u{2028}\u{7F}\u{0}y"

    static func after(_ seconds: Int64) -> DateTime {
        DateTime(noon.timestamp.advanced(byNanoseconds: seconds * 1_000_000_000))
    }

    /// Some hours before noon, which is now at a ``SiteTerminal``.
    static func ago(hours: Int64) -> DateTime { after(-hours * 3600) }

    static func group(
        _ name: String, rpo: UInt64?, threshold: UInt64 = 900, state: GroupState? = .protected
    ) -> SiteGroupReport {
        var policy = SitePolicy(name: "default")
        policy.failback.rpoThresholdSeconds = threshold
        var report = SiteGroupReport(group: SiteGroup(name: name, machines: ["\(name)-1"]), policy: policy)
        report.placement = SitePlacement(
            direction: .failback, masterTarget: masterTarget, processServer: processServer, fencingToken: 3,
            targets: [DiskTarget(machine: "\(name)-1", disk: "sda", target: "36000c29f0123456789abcdef01234567")])
        report.masterTargetName = "mt-1"
        report.processServerName = "ps-1"
        report.rpoSeconds = rpo
        report.isBeyondRPO = rpo.map { $0 > threshold } ?? false
        if let state {
            report.report = GroupReport(
                name: name, id: "1", state: state, underlyingState: state, policy: policy.failback,
                senders: [processServer], fencingToken: 3, disks: [])
        }
        return report
    }

    static func failover(_ change: (inout SiteJobReport) -> Void = { _ in }) -> SiteJobReport {
        var report = SiteJobReport(
            id: job, group: "erp", operation: .failover(FailoverRequest(point: .latest)), requestedBy: "alice",
            created: noon, steps: [.init(kind: .check), .init(kind: .stopSource), .init(kind: .recover)])
        change(&report)
        return report
    }

    static func point(_ sequence: UInt64, at seconds: Int64, loses: UInt64, label: String? = nil) -> PointReport {
        PointReport(
            sequence: sequence, time: after(seconds), kind: label == nil ? .crashConsistent : .applicationConsistent,
            accuracy: .exact, label: label, losesSeconds: loses)
    }

    static func server(_ name: String, _ change: (inout ServerReport) -> Void = { _ in }) -> ServerReport {
        var report = ServerReport(
            hostID: masterTarget, role: .masterTarget, hostName: name, version: "1.0.0", state: .online,
            enrolled: noon, serial: "01:02", certificateExpires: after(86400),
            machine: MachineFingerprint(machineID: HexBytes(Array(repeating: 1, count: 16))), address: "192.0.2.1")
        change(&report)
        return report
    }
}
