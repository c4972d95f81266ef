// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HealthChecks
import LinuxSystem
import Logging
import RetentionStore
import StateFiles
import StoragePrimitives

/// What every group of an appliance shares.
struct GroupEnvironment: Sendable {
    let records: StateFolder
    let reports: StateFolder
    /// What recovered disks looked like, by group.
    let fingerprints: StateFolder
    let jobs: JobBoard
    let clock: any WallClock
    let logger: Logger
    let retentionPath: String
    let pool: BufferPool
    let memory: MemoryPlan
    let sessions: SessionDesk
    let previews: PreviewBoard
    let disks: DiskDesk
    /// Which machine this is.
    let host: any HostProbe

    /// - Throws: A ``ControlFailure`` when this is not the machine that the groups were made on.
    func checkHost() throws { if let refusal = HostAcceptance.refusal(host) { throw refusal } }

    /// The folder of a group's history.
    func historyPath(_ id: String) -> String { "\(retentionPath)/\(id)" }

    /// - Throws: A ``ControlFailure`` when the retention volume cannot be used.
    func checkVolume() throws {
        guard let problem = volume().problem else { return }
        throw ControlFailure(
            .unavailable, problem,
            remedy: "Mount it, or make one with mtctl retention prepare; groups go on by themselves when it is there.")
    }

    func volume() -> VolumeReport {
        guard FolderTree.isFolder(retentionPath) else {
            return VolumeReport(
                path: retentionPath, isUsable: false,
                problem:
                    "The retention volume \(retentionPath) is not there; mtctl retention candidates shows what can be it."
            )
        }
        do {
            let free = try DirectoryFolder(path: retentionPath).freeSpace()
            return VolumeReport(path: retentionPath, isUsable: true, freeBytes: free)
        } catch {
            return VolumeReport(
                path: retentionPath, isUsable: false,
                problem: "The retention volume \(retentionPath) cannot be used: \(error).")
        }
    }
}
