// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import RetentionFormat
import RetentionStore
import StoragePrimitives
import Synchronization

/// Why a seed failed.
public struct SimulationFailure: Error, CustomStringConvertible {
    /// The seed that shows it again.
    public let seed: UInt64
    /// What did not hold.
    public let message: String
    /// The seed and what did not hold.
    public var description: String { "seed \(seed): \(message)" }
}

/// One run of the retention store against its model: a seed decides what is written, what the engines do next, which
/// I/O fails and when the power goes. After every crash the group is opened again and every retained point is compared.
public final class Simulation {
    final class TestClock: WallClock {
        private let time = Mutex(Timestamp.seconds(1_000_000))
        func now() -> Timestamp { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) } }
    }

    static let diskSectors = 96
    static let diskCount = 2

    /// What decides this run.
    public let seed: UInt64
    private let isVerbose: Bool
    var random: SeededGenerator
    let power: SimulatedPower
    let team: SimulatedTeam
    /// The machine's, which somebody may set.
    let clock = TestClock()
    /// The sources', which nobody sets.
    let sourceClock = TestClock()
    let folder: SimulatedFolder
    let disks: [SimulatedDisk]
    let pool = BufferPool(retaining: .mebibytes(4))
    var settings = RetentionSettings()
    var model: HistoryModel
    var group: RetentionGroup
    var engines: GroupStepper
    let acknowledgedSource: AcknowledgedSource
    var views: [(view: PointInTimeView, point: SequenceNumber)] = []
    var openBatch: (source: UInt64, disks: HistoryModel.Disks)?
    /// Points that were compared with the model.
    public internal(set) var comparisons = 0
    /// Power cuts so far.
    public private(set) var crashes = 0

    final class AcknowledgedSource: Sendable {
        private let value = Mutex<UInt64>(0)
        func raise(to source: UInt64) { value.withLock { $0 = max($0, source) } }
        var current: UInt64 { value.withLock { $0 } }
    }

    /// A new group over two disks of zeroes, with settings that the seed draws.
    ///
    /// - Parameter isVerbose: Whether every step is printed.
    public init(seed: UInt64, isVerbose: Bool = false) throws {
        self.seed = seed
        self.isVerbose = isVerbose
        random = SeededGenerator(seed: seed)
        power = SimulatedPower(seed: seed ^ 0xABCD)
        team = SimulatedTeam(seed: seed ^ 0x7EA3, power: power)
        folder = SimulatedFolder(power: power)
        let power = power
        disks = (0..<Self.diskCount).map {
            SimulatedDisk(name: "disk\($0)", size: ByteCount(Self.diskSectors * 512), power: power)
        }
        settings.segmentSize = ByteCount(Int.random(in: 3...8, using: &random) * 65_536)
        settings.epochBytes = ByteCount(Int.random(in: 8...200, using: &random) * 1024)
        settings.epochRows = Int.random(in: 4...60, using: &random)
        settings.chunkBytes = ByteCount(Int.random(in: 1...40, using: &random) * 1024)
        settings.chunkExtents = Int.random(in: 1...30, using: &random)
        settings.openBatchBytes = ByteCount(Int.random(in: 0...16, using: &random) * 1024)
        settings.commitBytes = ByteCount(Int.random(in: 1...40, using: &random) * 1024)
        settings.epochSeconds = Int64.random(in: 20...600, using: &random)
        settings.windowSeconds = Int64.random(in: 600...20_000, using: &random)
        settings.reserve = .zero
        if random.oneIn(3) { settings.quota = ByteCount(Int.random(in: 1...6, using: &random) << 20) }
        acknowledgedSource = AcknowledgedSource()
        model = HistoryModel(disks: disks.map(\.contents))
        var manifest = GroupManifest(
            id: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)), name: "simulated",
            created: clock.now(), lifecycle: "created")
        manifest.disks = disks.enumerated().map { index, disk in
            GroupManifest.Disk(
                number: DiskNumber(UInt16(index)), sourceID: disk.name, size: disk.size, logicalBlockSize: 512,
                target: disk.name)
        }
        group = try RetentionGroup.create(
            in: folder, manifest: manifest, disks: Self.bound(disks), settings: settings, clock: clock)
        engines = GroupStepper(group, team: team)
        observe()
    }

    static func bound(_ disks: [SimulatedDisk]) -> [GroupDisk] {
        disks.enumerated().map { index, disk in
            GroupDisk(number: DiskNumber(UInt16(index)), size: disk.size, logicalBlockSize: 512, target: disk)
        }
    }

    private func observe() {
        let acknowledgedSource = acknowledgedSource
        group.observe { event in
            if case .durable(let source) = event { acknowledgedSource.raise(to: source) }
        }
    }

    /// Time passes, for the machine and for the sources.
    func pass(seconds: Int64) {
        clock.advance(seconds: seconds)
        sourceClock.advance(seconds: seconds)
    }

    func fail(_ message: String) -> SimulationFailure { SimulationFailure(seed: seed, message: message) }

    func log(_ text: @autoclosure () -> String) { if isVerbose { print(text()) } }

    /// Runs to the end; throws what did not hold.
    public func run(steps: Int = 400) throws {
        try syncAll()
        for step in 0..<steps {
            log("step \(step) last \(model.last) durable \(group.status.durable) applied \(group.status.applied)")
            do {
                try act()
            } catch let error as RetentionError {
                try recoverFrom(error)
            }
        }
        try finish()
    }

    /// Without further faults everything comes to rest and everything is right.
    private func finish() throws {
        do {
            power.set(SimulatedPower.Faults())
            if group.status.failure != nil { try restart() }
            try settle()
            try compareEverything()
        } catch let error as RetentionError {
            try recoverFrom(error)
            try settle()
            try compareEverything()
        }
    }

    private func act() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<26: try submitBatch()
        case 26..<30: try submitBookmark()
        case 30..<50: _ = try engines.stepJournal()
        case 50..<75: _ = try engines.stepApplier()
        case 75..<79: _ = try engines.stepMaintenance()
        case 79..<83: try openView()
        case 83..<87: try compareViews()
        case 87..<89: try passTime()
        case 89..<91: try submitRewind()
        case 91..<92: try syncOne()
        case 92..<94: try arm()
        case 94..<95:
            try settle()
            try compareEverything()
        case 95..<96: try restart()
        case 96..<97: try cutPower()
        case 97..<98: try engines.writeSlot()
        default: _ = try engines.stepApplier()
        }
    }

    private func passTime() throws {
        if random.oneIn(8) {
            // Somebody sets the machine's clock.
            return clock.advance(seconds: Int64.random(in: -100_000...100_000, using: &random))
        }
        if random.oneIn(3) { return try compareDamagedCopy() }
        pass(seconds: Int64.random(in: 1...400, using: &random))
    }

    /// Loads a fault that some later I/O will meet.
    private func arm() throws {
        var faults = SimulatedPower.Faults()
        switch Int.random(in: 0..<5, using: &random) {
        case 0: faults.cutAfter = Int.random(in: 0...60, using: &random)
        case 1: faults.writeFailureOneIn = Int.random(in: 5...60, using: &random)
        case 2: faults.syncFailureOneIn = Int.random(in: 2...20, using: &random)
        case 3: faults.noRoomOneIn = Int.random(in: 2...6, using: &random)
        default: faults.readFailureOneIn = Int.random(in: 5...60, using: &random)
        }
        power.set(faults)
    }

    private func recoverFrom(_ error: RetentionError) throws {
        switch error.code {
        case .retentionFailed, .targetFailed, .closed, .retentionFull:
            log("failed: \(error)")
            if power.isOff { return try cutPower() }
            try restart()
        case .noSuchPoint, .pointNotExact, .syncOpen, .batchOpen, .notAccepting:
            log("refused: \(error)")
        default:
            throw fail("unexpected error \(error.code): \(error)")
        }
    }

    /// The agent stops at once; the machine does not.
    func restart() throws {
        log("restart")
        power.restore()
        try reopen()
    }

    func cutPower() throws {
        log("power cut")
        crashes += 1
        for disk in disks { disk.crash() }
        folder.crash()
        power.restore()
        // Now and then the power goes again while the group is being opened.
        if random.oneIn(4) {
            var faults = SimulatedPower.Faults()
            faults.cutAfter = Int.random(in: 0...40, using: &random)
            power.set(faults)
        }
        try reopen()
    }

    private func reopen() throws {
        views = []
        openBatch = nil
        do {
            group = try RetentionGroup.open(in: folder, disks: Self.bound(disks), settings: settings, clock: clock)
        } catch {
            guard power.isOff else { throw fail("cannot be opened again: \(error.code): \(error)") }
            return try cutPower()
        }
        power.restore()
        engines = GroupStepper(group, team: team)
        observe()
        let durable = group.status.durable
        guard durable <= model.last else {
            throw fail("\(durable) is durable, but only \(model.last) was ever submitted")
        }
        guard model.steps[Int(durable.rawValue)].source >= acknowledgedSource.current else {
            throw fail(
                """
                acknowledged up to \(acknowledgedSource.current), but only \
                \(model.steps[Int(durable.rawValue)].source) is there
                """)
        }
        model.truncate(to: durable)
        guard group.ingestPosition.durable == model.latest.source else {
            throw fail("the sender is told \(group.ingestPosition.durable) instead of \(model.latest.source)")
        }
        try compareEverything()
        if !model.latest.unsynced.isEmpty { try syncAll() }
    }

    /// Lets the engines run dry.
    func settle() throws {
        for _ in 0..<100_000 {
            let journaled = try engines.stepJournal()
            let applied = try engines.stepApplier()
            if let failure = group.rewindFailure { throw fail("a rewind was taken back: \(failure)") }
            guard !journaled, !applied else { continue }
            // Room that was refused is asked for again, or made; to end an epoch for it takes the journal once more.
            if group.status.blocked == nil { return }
            let isMade = settings.quota == nil ? true : try engines.stepMaintenance()
            if !isMade, try !engines.stepJournal() { return }
        }
        throw fail("the engines do not come to rest")
    }
}
