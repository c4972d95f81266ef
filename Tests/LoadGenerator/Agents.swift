// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import ControlAPI
import FoundationEssentials
import HostCertificates
import LinuxSystem
import Logging
import Registration
import StoragePrimitives
import Synchronization

/// Many registered master targets in one process: each enrols with a key of its own, sends heartbeats with groups, and
/// waits for orders, over connections of its own, with the code that agents have.
struct Agents: AsyncParsableCommand {
    @Option var server: String
    @Option var passphraseFile: String
    @Option var agents: Int
    @Option var groups: Int
    @Option(help: "Seconds before what is measured, and seconds that are measured.") var warmUp = 15
    @Option var seconds: Int

    func run() async throws {
        let endpoint = try ServerEndpoint(server)
        let passphrase = try PassphraseFile.read(passphraseFile)
        let keys = KeyCache()
        let begin = ContinuousClock.now
        let enrolled = try await withThrowingTaskGroup(of: (Int, Credentials).self) { tasks in
            var results: [(Int, Credentials)] = []
            for number in 0..<agents {
                // A handful at a time: a data centre comes up rack by rack.
                if number >= 8, let result = try await tasks.next() { results.append(result) }
                tasks.addTask {
                    try await Self.enrol(number, at: endpoint) { try await keys.key($0, passphrase) }
                }
            }
            for try await result in tasks { results.append(result) }
            return results
        }
        let enrolSeconds = Self.seconds(since: begin)
        let report = Self.report(groups: groups)
        let fleet = enrolled.map { number, credentials in
            SimulatedAgent(number: number, groups: report, credentials: credentials)
        }
        let trips = try await withThrowingTaskGroup(of: Void.self) { tasks in
            for agent in fleet {
                let start = Duration.milliseconds(Int.random(in: 0..<10_000))
                tasks.addTask {
                    try await Task.sleep(for: start)
                    await agent.run(at: endpoint)
                }
            }
            try await Task.sleep(for: .seconds(warmUp))
            for agent in fleet { agent.forget() }
            Self.tell("measuring")
            try await Task.sleep(for: .seconds(seconds))
            let trips = fleet.flatMap(\.trips).sorted()
            Self.tell("measured")
            tasks.cancelAll()
            // Cancellation is how they end.
            while let outcome = await tasks.nextResult() { _ = outcome }
            return trips
        }
        let problems = fleet.filter(\.hadProblem).count
        guard let longest = trips.last else { throw ValidationError("No heartbeat was answered.") }
        print(
            """
            {"agents": \(agents), "enrolSeconds": \(enrolSeconds), "heartbeats": \(trips.count), \
            "p50Milliseconds": \(trips[trips.count / 2]), "p99Milliseconds": \(trips[trips.count * 99 / 100]), \
            "longestMilliseconds": \(longest), "agentsWithProblems": \(problems)}
            """)
    }

    /// The one who measures the server looks at it between these.
    private static func tell(_ word: String) {
        Terminal.writeLine(word, toError: true)
    }

    private static func seconds(since begin: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - begin) / .seconds(1)
    }

    static func machine(_ number: Int) -> MachineFingerprint {
        MachineFingerprint(
            machineID: HexBytes((0..<16).map { UInt8(truncatingIfNeeded: (number + 1) >> ($0 % 4 * 8)) }))
    }

    private static func enrol(
        _ number: Int, at endpoint: ServerEndpoint, deriveKey: (ScryptParameters) async throws -> [UInt8]
    ) async throws -> (Int, Credentials) {
        let host = UUID().uuidString.lowercased()
        let credentials = try await Enrolment.enrol(
            at: endpoint,
            identity: JoinerIdentity(
                hostID: host, role: .masterTarget, hostName: "agent-\(number)", version: ProductVersion.text,
                machine: machine(number)),
            names: AlternativeNames(names: ["localhost"], addresses: []), pinnedFingerprint: nil, deriveKey: deriveKey)
        return (number, credentials)
    }

    /// As an agent with some load has it: two disks each.
    private static func report(groups: Int) -> [GroupReport] {
        (0..<groups).map { number in
            var group = GroupReport(
                name: "group-\(number)", id: UUID().uuidString.lowercased(), state: .protected,
                underlyingState: .protected, policy: GroupPolicy(), senders: [UUID().uuidString.lowercased()],
                fencingToken: 3,
                disks: (0..<2).map { disk in
                    DiskReport(
                        number: DiskNumber(UInt16(disk)), source: "vm-\(number)-disk-\(disk)",
                        target: "36000c29\(String(number, radix: 16))f0e1d2c3b4a5968778695a4b\(disk)",
                        sizeBytes: .mebibytes(40_960), content: "differential")
                })
            group.isSenderConnected = true
            group.durableSequence = 123_456
            group.appliedSequence = 123_450
            group.lastDurable = DateTime(Timestamp.seconds(1_795_228_454))
            group.rpoSeconds = 12
            group.isBeyondRPO = false
            return group
        }
    }
}

/// scrypt takes a second and is the same for all.
private actor KeyCache {
    private var derived: [ScryptParameters: Task<[UInt8], any Error>] = [:]

    func key(_ parameters: ScryptParameters, _ passphrase: Passphrase) async throws -> [UInt8] {
        if let task = derived[parameters] { return try await task.value }
        let task = Task { try parameters.key(for: passphrase) }
        derived[parameters] = task
        return try await task.value
    }
}

/// One master target that is well.
private final class SimulatedAgent: HeartbeatSource, OrdersHandler {
    private let number: Int
    private let groups: [GroupReport]
    private let credentials: Credentials
    private let seen = Mutex((trips: [Double](), hadProblem: false))

    init(number: Int, groups: [GroupReport], credentials: Credentials) {
        self.number = number
        self.groups = groups
        self.credentials = credentials
    }

    /// Milliseconds from each heartbeat to its answer.
    var trips: [Double] { seen.withLock { $0.trips } }
    var hadProblem: Bool { seen.withLock { $0.hadProblem } }
    func forget() { seen.withLock { $0.trips = [] } }

    func run(at endpoint: ServerEndpoint) async {
        let logger = Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() }
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { [self] in
                // It ends with cancellation, and fails for nothing else.
                try? await HeartbeatService([endpoint], credentials: credentials, source: self, logger: logger).run()
            }
            tasks.addTask { [self] in
                await OrdersService(
                    endpoints: [endpoint], credentials: credentials, handler: self, logger: logger,
                    clock: ContinuousClock()
                ).run()
            }
        }
    }

    func heartbeat(revocations: UInt64) async -> HeartbeatRequest {
        HeartbeatRequest(
            hostName: "agent-\(number)", version: ProductVersion.text, machine: Agents.machine(number),
            sent: DateTime(SystemClock().now()),
            capacity: CapacityReport(
                retention: VolumeReport(path: "/mnt/retention", isUsable: true, freeBytes: .mebibytes(1 << 20)),
                memoryCeilingBytes: .mebibytes(256)),
            groups: groups, revocations: revocations, replication: ["agent-\(number):9443"])
    }

    func answered(_ answer: HeartbeatAnswer, after roundTrip: Duration) async {
        seen.withLock { $0.trips.append(roundTrip / .milliseconds(1)) }
    }

    func received(_ revocations: RevocationList) async {}
    func renewed(_ credentials: Credentials) async throws {}
    func changed(_ problem: ConfigurationFailure?) async {
        guard let problem else { return }
        seen.withLock { $0.hadProblem = true }
        Terminal.writeLine("agent-\(number): \(problem)", toError: true)
    }

    func progress() async -> (tasks: [SiteTaskReport], assignments: [SiteAssignmentReport], isMoving: Bool) {
        ([], [], false)
    }
    func received(_ orders: SiteOrders) async {}
}
