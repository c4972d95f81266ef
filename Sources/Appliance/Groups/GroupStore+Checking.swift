// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import RetentionFormat
import RetentionStore
import StoragePrimitives

extension GroupStore {
    /// Damages that a failure names; it says how many there are.
    private static let namedDamages = 3

    /// Reads all history and compares every checksum.
    ///
    /// - Returns: What was read, as the end of a sentence.
    /// - Throws: ``ControlFailure`` with `.corrupt` when something is damaged.
    func scrub(progress: (ByteCount, ByteCount?) -> Void) throws -> String {
        let report = try group.scrub { progress(ByteCount($0), ByteCount($1)) }
        guard report.damages.isEmpty else {
            let named = report.damages.prefix(Self.namedDamages).map(\.message).joined(separator: " ")
            throw ControlFailure(
                .corrupt, "History is damaged in \(report.damages.count) places. \(named)",
                remedy: "Points that need what is damaged are no longer offered; mtctl points shows what is left.")
        }
        return "\(report.checkedExtents) extents with \(ByteCount(report.checkedBytes)) were read and check."
    }

    /// Makes again what is damaged: the manifest from the group's record, epoch files from the segments. The group is
    /// shut.
    ///
    /// - Returns: What was remade and what was given up, as sentences.
    /// - Throws: ``ControlFailure`` with `.notConfirmed` when points would be lost and `acceptLoss` is false.
    static func rebuild(_ record: GroupRecord, acceptLoss: Bool, environment: GroupEnvironment) throws -> [String] {
        let folder = try DirectoryFolder(path: environment.historyPath(record.id))
        var done: [String] = []
        if try isManifestDamaged(folder) {
            try manifest(record).write(to: folder)
            done.append("The manifest was damaged or missing, and is made anew from the group's record.")
        }
        let report = try rebuildEpochs(folder, acceptLoss: acceptLoss, clock: environment.clock)
        for name in report.damaged { done.append("Damaged or missing: \(name).") }
        if report.remade > 0 { done.append("\(report.remade) epochs are made again from the segments.") }
        if report.lostBefore > .none { done.append("Points before \(report.lostBefore) are given up.") }
        return done.isEmpty ? ["Nothing was damaged."] : done
    }

    private static func isManifestDamaged(_ folder: DirectoryFolder) throws -> Bool {
        do {
            _ = try GroupManifest.read(from: folder)
            return false
        } catch {
            guard error.code == .manifestDamaged || error.code == .notAGroup else { throw error }
            return true
        }
    }

    private static func rebuildEpochs(
        _ folder: DirectoryFolder, acceptLoss: Bool, clock: any WallClock
    ) throws -> RebuildReport {
        do {
            return try RetentionGroup.rebuild(in: folder, acceptLoss: acceptLoss, clock: clock)
        } catch {
            guard error.code == .historyDamaged, !acceptLoss else { throw error }
            throw ControlFailure(.notConfirmed, error.message, remedy: "")
        }
    }
}
