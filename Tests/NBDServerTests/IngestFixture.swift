// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import LinuxSystem
import NBDServer
import NIOCore
import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Synchronization
import Testing

/// A clock that stands until it is moved.
final class TestClock: WallClock {
    private let time = Mutex(Timestamp.seconds(1_000_000))
    func now() -> Timestamp { time.withLock { $0 } }
    func advance(seconds: Int64) { time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) } }
}

/// A group on its own threads, over real files or simulated disks, with the intake of its exports.
final class IngestFixture: Sendable {
    private struct State {
        var group: RetentionGroup
        var intake: GroupIntake
    }

    let disks: [GroupDisk]
    let pool = BufferPool(retaining: .mebibytes(8))
    let clock: any WallClock
    private let folder: any StoreFolder
    private let window: ByteCount
    private let state: Mutex<State>

    var group: RetentionGroup { state.withLock { $0.group } }
    var intake: GroupIntake { state.withLock { $0.intake } }

    init(
        in folder: any StoreFolder, targets: [any BlockDevice], window: ByteCount = .mebibytes(8),
        clock: any WallClock = SystemClock(), isStarted: Bool = true
    ) throws {
        self.folder = folder
        self.window = window
        self.clock = clock
        disks = targets.enumerated().map { index, target in
            GroupDisk(
                number: DiskNumber(UInt16(index)), size: target.size, logicalBlockSize: target.logicalBlockSize,
                target: target)
        }
        var manifest = GroupManifest(id: UUID(), name: "group", created: clock.now(), lifecycle: "created")
        manifest.disks = disks.map { disk in
            GroupManifest.Disk(
                number: disk.number, sourceID: "disk\(disk.number)", size: disk.size,
                logicalBlockSize: disk.logicalBlockSize, target: disk.target.name)
        }
        let group = try RetentionGroup.create(
            in: folder, manifest: manifest, disks: disks, settings: Self.settings, clock: clock)
        let stepper = GroupStepper(group, team: SerialTeam())
        try Self.declareSynced(group, disks, clock)
        while try stepper.stepJournal() || stepper.stepApplier() {}
        state = Mutex(
            State(group: group, intake: GroupIntake(group, window: window, pool: pool, clock: clock)))
        if isStarted { try reopen() }
    }

    /// The targets hold what the source has: nothing is copied.
    private static func declareSynced(_ group: RetentionGroup, _ disks: [GroupDisk], _ clock: any WallClock) throws {
        for disk in disks { try group.beginSync(disk.number, kind: .initial) }
        for disk in disks {
            try group.endSync(disk.number, time: clock.now(), sourceSequence: 0, accuracy: .notGuaranteed)
        }
    }

    /// Lets the engines of a group that was not started run dry.
    func settle() throws {
        let stepper = GroupStepper(group, team: SerialTeam())
        while try stepper.stepJournal() || stepper.stepApplier() {}
    }

    /// Over image files of the server's folder.
    static func real(
        _ fixture: ServerFixture, disks: Int = 1, bytes: Int = 8 << 20, window: ByteCount = .mebibytes(8),
        clock: any WallClock = SystemClock(), isStarted: Bool = true
    ) throws -> IngestFixture {
        try IngestFixture(
            in: DirectoryFolder(path: fixture.folder.path + "/group", create: true),
            targets: (0..<disks).map { try fixture.image("target\($0)", bytes: bytes) }, window: window, clock: clock,
            isStarted: isStarted)
    }

    private static var settings: RetentionSettings {
        var settings = RetentionSettings()
        settings.segmentSize = .mebibytes(4)
        // Several chunks, so that they overlap.
        settings.chunkBytes = .mebibytes(1)
        settings.reserve = .zero
        return settings
    }

    /// Serves each disk as `disk0`, `disk1` and so on.
    func serve(_ fixture: ServerFixture) {
        for disk in disks {
            fixture.directory["disk\(disk.number)"] = .export(
                IngestExport(
                    name: "disk\(disk.number)", description: "", disk: disk, intake: intake, workers: fixture.workers))
        }
    }

    /// Ends the group, and opens it again from what its files hold.
    func reopen() throws {
        intake.end("The test ends the group.")
        group.close()
        let group = try RetentionGroup.open(in: folder, disks: disks, settings: Self.settings, clock: clock)
        let intake = GroupIntake(group, window: window, pool: pool, clock: clock)
        state.withLock { $0 = State(group: group, intake: intake) }
        group.start()
    }

    /// Another intake for the group as it is.
    func renewIntake() {
        let intake = GroupIntake(group, window: window, pool: pool, clock: clock)
        state.withLock { $0.intake = intake }
    }

    func end() {
        intake.end("The test is over.")
        group.close()
    }

    /// What the disks show at a point.
    func contents(at point: UInt64) throws -> [[UInt8]] {
        let view = try group.view(at: SequenceNumber(point))
        return try disks.map { try #require(view.disk($0.number)).readAll() }
    }

    /// What the targets hold when all is applied.
    func shown() throws -> [[UInt8]] {
        try group.drain()
        return try disks.map { try $0.target.readAll() }
    }
}
