// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Synchronization
import Testing

/// What an engine may expect of every team.
struct IOTeamTests {
    enum Kind: CaseIterable {
        case serial
        case disk
        case smallDisk
        case simulated

        func make() -> any IOTeam {
            switch self {
            case .serial: SerialTeam()
            case .disk: DiskTeam(helpers: 4)
            case .smallDisk: DiskTeam(helpers: 0)
            case .simulated: SimulatedTeam(seed: 3, power: SimulatedPower(seed: 4))
            }
        }
    }

    /// What jobs note, from whatever thread.
    private final class Notes: Sendable {
        private let values = Mutex<[Int]>([])
        func add(_ value: Int) { values.withLock { $0.append(value) } }
        var all: [Int] { values.withLock { $0 } }
    }

    private func failing(_ notes: Notes, _ number: Int) -> IOJob {
        IOJob { () throws(RetentionError) in
            notes.add(number)
            if number % 3 == 2 { throw RetentionError(.targetFailed, "job \(number)") }
        }
    }

    @Test(arguments: Kind.allCases)
    func `every job runs, also when some fail, and each failure is told by its job`(kind: Kind) {
        let (team, notes) = (kind.make(), Notes())
        let failures = team.run((0..<20).map { failing(notes, $0) })
        #expect(notes.all.sorted() == Array(0..<20))
        #expect(failures.map { $0?.message } == (0..<20).map { $0 % 3 == 2 ? "job \($0)" : nil })
        let error = #expect(throws: RetentionError.self) { try team.runAll((0..<20).map { failing(notes, $0) }) }
        #expect(error?.message == "job 2")
        #expect(team.run([]).isEmpty)
    }

    @Test(arguments: Kind.allCases)
    func `a job may run jobs`(kind: Kind) {
        let (team, notes) = (kind.make(), Notes())
        let failures = team.run(
            (0..<5).map { outer in
                IOJob { () throws(RetentionError) in
                    try team.runAll((0..<5).map { inner in failing(notes, (outer * 5 + inner) * 3) })
                }
            })
        #expect(failures.allSatisfy { $0 == nil })
        #expect(notes.all.sorted() == (0..<25).map { $0 * 3 })
    }

    @Test func `the jobs of a disk team run at the same time`() {
        let team = DiskTeam(helpers: 1)
        let (first, second) = (Doorbell(), Doorbell())
        // Each waits for the other: one after the other they would never end.
        let failures = team.run([
            IOJob { () throws(RetentionError) in
                first.ring()
                second.wait()
            },
            IOJob { () throws(RetentionError) in
                second.ring()
                first.wait()
            },
        ])
        #expect(failures.count == 2)
    }

    @Test func `many callers share few helpers`() {
        let (team, notes) = (DiskTeam(helpers: 2), Notes())
        let threads = (0..<12).map { _ in DiskThread(name: "caller") }
        for (index, thread) in threads.enumerated() {
            thread.run {
                for round in 0..<50 {
                    _ = team.run((0..<4).map { job in failing(notes, ((index * 50 + round) * 4 + job) * 3) })
                }
            }
        }
        for thread in threads { thread.finish() }
        #expect(notes.all.sorted() == (0..<2400).map { $0 * 3 })
    }

    /// The order in which four jobs of four reads each got their turns.
    private func order(seed: UInt64) -> [Int] {
        let (power, notes) = (SimulatedPower(seed: 1), Notes())
        let team = SimulatedTeam(seed: seed, power: power)
        let disk = SimulatedDisk(name: "disk", size: .kibibytes(4), power: power)
        _ = team.run(
            (0..<4).map { number in
                IOJob { () throws(RetentionError) in
                    var buffer = AlignedBuffer(count: 512)
                    for _ in 0..<4 {
                        var span = buffer.mutableBytes
                        do {
                            try disk.read(into: &span, at: .zero)
                        } catch {
                            throw RetentionError(.targetFailed, "\(error)")
                        }
                        notes.add(number)
                    }
                }
            })
        return notes.all
    }

    @Test func `a simulated team goes from job to job within them, and the same way each time`() {
        let orders = (0..<10 as Range<UInt64>).map { order(seed: $0) }
        #expect(orders == (0..<10 as Range<UInt64>).map { order(seed: $0) })
        #expect(Set(orders).count > 5)
        // None of them does one job after the other.
        #expect(orders.contains { zip($0, $0.dropFirst()).filter { $0 != $1 }.count > 6 })
    }
}
