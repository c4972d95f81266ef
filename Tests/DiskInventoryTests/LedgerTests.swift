// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import StoragePrimitives
import Synchronization
import Testing

/// What is remembered of disks, and what is found when it is compared with what is there.
struct LedgerTests {
    private final class TestClock: WallClock {
        let time = Mutex(Timestamp.seconds(1_000))
        func now() -> Timestamp { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) } }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        var before: [Disk]
        var after: [Disk]
        var bound = true
        var found: [DiskFinding.Kind]
        var severity: DiskFinding.Severity = .critical
        var stops = false
        var says: [String] = []
        var platform: DiskScan.Platform = .vmware
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "nothing changed", before: [disk("sdb", first, address: "0:0:1:0")],
            after: [disk("sdb", first, address: "0:0:1:0")], found: []),
        Case(
            name: "another name is nothing", before: [disk("sdb", first, address: "0:0:1:0")],
            after: [disk("sdx", first, address: "0:0:1:0")], found: []),
        Case(
            name: "two disks with one identity", before: [disk("sdb", first, address: "0:0:1:0")],
            after: [disk("sdb", first, address: "0:0:1:0"), disk("sdc", first, address: "0:0:2:0")],
            found: [.duplicateIdentity], stops: true, says: ["sdb", "sdc", "36000c29"]),
        Case(
            name: "two paths of one map are one disk", before: [],
            after: [
                disk("sdb", first, address: "0:0:1:0") { $0.holders = ["dm-0"] },
                disk("sdc", first, address: "1:0:1:0") { $0.holders = ["dm-0"] }, map("dm-0", over: ["sdb", "sdc"]),
            ], found: []),
        Case(
            name: "a path beside the map is a second disk", before: [],
            after: [
                disk("sdb", first, address: "0:0:1:0") { $0.holders = ["dm-0"] },
                disk("sdc", first, address: "1:0:1:0"), map("dm-0", over: ["sdb"]),
            ], found: [.duplicateIdentity], stops: true),
        Case(
            name: "a map over two identities", before: [],
            after: [
                disk("sdb", first) { $0.holders = ["dm-0"] }, disk("sdc", second) { $0.holders = ["dm-0"] },
                map("dm-0", over: ["sdb", "sdc"]),
            ], found: [.mixedMap], stops: true, says: ["sdb is 36000c29", "sdc is 36000c29"]),
        Case(
            name: "another identity at the address", before: [disk("sdb", first, address: "0:0:1:0")],
            after: [disk("sdb", second, address: "0:0:1:0")], found: [.identityChanged], stops: true,
            says: ["0:0:1:0", "Storage vMotion", "EnableUUID", "3" + first, "3" + second]),
        Case(
            name: "the identity has gone", before: [disk("sdb", first, address: "0:0:1:0")],
            after: [disk("sdb", nil, address: "0:0:1:0")], found: [.identityChanged, .noIdentity], stops: true,
            says: ["has no identity now"]),
        Case(
            name: "another disk of another size at the address", before: [disk("sdb", first, address: "0:0:1:0")],
            after: [disk("sdb", second, size: .mebibytes(65), address: "0:0:1:0")], found: [.gone], says: ["0:0:1:0"]),
        Case(
            name: "a known disk moved to the address of one that is gone",
            before: [disk("sdb", first, address: "0:0:1:0"), disk("sdc", second, address: "0:0:2:0")],
            after: [disk("sdb", second, address: "0:0:1:0")], found: [.gone, .addressChanged]),
        Case(
            name: "gone", before: [disk("sdb", first, address: "0:0:1:0")], after: [], found: [.gone], says: ["is gone"]
        ),
        Case(
            name: "gone, and nobody's", before: [disk("sdb", first, address: "0:0:1:0")], after: [], bound: false,
            found: [.gone], severity: .notice),
        Case(
            name: "grown", before: [disk("sdb", first)], after: [disk("sdb", first, size: .mebibytes(65))],
            found: [.grown], stops: true, says: ["64 MiB", "65 MiB", "mtctl disks accept"]),
        Case(
            name: "shrunk", before: [disk("sdb", first)], after: [disk("sdb", first, size: .mebibytes(63))],
            found: [.shrunk], stops: true, says: ["63 MiB"]),
        Case(
            name: "another address", before: [disk("sdb", first, address: "0:0:1:0")],
            after: [disk("sdb", first, address: "2:0:1:0")], found: [.addressChanged], severity: .warning,
            says: ["0:0:1:0", "2:0:1:0"]),
        Case(
            name: "no identity on VMware", before: [], after: [disk("sdb")], found: [.noIdentity], severity: .warning,
            says: ["Turn the machine off", "configuration parameters", "disk.EnableUUID", "TRUE"]),
        Case(
            name: "no identity on QEMU", before: [],
            after: [
                disk("sdb") {
                    $0.vendor = "QEMU"
                    $0.model = "QEMU HARDDISK"
                }
            ], found: [.noIdentity], severity: .warning, says: ["scsi-hd,wwn="], platform: .qemu),
        Case(
            name: "damaged pages", before: [],
            after: [
                disk("sdb") {
                    var evidence = DiskIdentifiers.Evidence()
                    evidence.deviceIdentification = [0, 0x83, 0, 9]
                    $0.identifiers = DiskIdentifiers(evidence)
                }
            ], found: [.damagedIdentity], severity: .warning, stops: true, says: ["truncated"]),
    ]

    @Test(arguments: cases)
    func `what differs from what is known is found`(sample: Case) throws {
        let before = machine(sample.before, platform: sample.platform)
        let after = machine(sample.after, platform: sample.platform)
        let bound: Set<DiskIdentity> = sample.bound ? [identity(first)] : []
        var ledger = Ledger()
        ledger.note(before, bound: bound, at: .seconds(1))
        for round in 2...3 {
            let findings = LedgerFindings.findings(after, ledger: ledger, bound: bound)
            // What only passed by is told once, what is still wrong every time.
            let passing: Set<DiskFinding.Kind> = [.addressChanged, .returned]
            #expect(findings.map(\.kind) == (round == 2 ? sample.found : sample.found.filter { !passing.contains($0) }))
            if round == 2, let worst = findings.first {
                #expect(worst.severity == sample.severity)
                #expect(worst.stopsGroup == sample.stops)
                for words in sample.says { #expect((worst.message + worst.remedy).contains(words), "\(worst)") }
                #expect(findings.allSatisfy { $0.message.hasSuffix(".") })
            }
            ledger.note(after, bound: bound, at: .seconds(Int64(round)))
        }
    }

    @Test func `a disk that comes back is told once`() {
        let there = machine([disk("sdb", first, address: "0:0:1:0")])
        let away = machine([])
        var ledger = Ledger()
        ledger.note(there, bound: [], at: .seconds(1))
        ledger.note(away, bound: [], at: .seconds(2))
        #expect(LedgerFindings.findings(there, ledger: ledger, bound: []).map(\.kind) == [.returned])
        ledger.note(there, bound: [], at: .seconds(3))
        #expect(LedgerFindings.findings(there, ledger: ledger, bound: []).isEmpty)
        #expect(ledger.records[identity(first)]?.firstSeen == .seconds(1))
        #expect(ledger.records[identity(first)]?.lastSeen == .seconds(3))
    }

    @Test func `the ledger is kept in a file, and a newer one is refused and left alone`() throws {
        let tree = try RecordedTree()
        let folder = try DirectoryFolder(path: tree.root)
        var ledger = Ledger()
        ledger.note(machine([disk("sdb", first, address: "0:0:1:0"), disk("sdc", second)]), bound: [], at: .seconds(5))
        let file = LedgerFile(folder)
        #expect(try file.load() == Ledger())
        try file.save(ledger)
        #expect(try file.load() == ledger)

        for (text, code) in [
            (#"{"version": 2, "disks": "of another form"}"#, InventoryError.Code.unknownVersion),
            (#"{"version": 1, "disks": [{"identity": "/dev/sda"}]}"#, .corruptLedger), ("", .corruptLedger),
            ("{", .corruptLedger),
        ] {
            try folder.replace(LedgerFile.name, with: Array(text.utf8))
            let error = #expect(throws: InventoryError.self) { try file.load() }
            #expect(error?.code == code)
            #expect(error?.message.hasSuffix(".") == true)
            #expect(try folder.contents(of: LedgerFile.name, limit: 1000) == Array(text.utf8))
        }
    }

    @Test func `a survey compares, remembers and is remembered after a start`() throws {
        let tree = try RecordedTree()
        let clock = TestClock()
        let source = RecordedDiskSource(machine([disk("sdb", first, address: "0:0:1:0")]))
        let state = try DirectoryFolder(path: tree.root)
        let inventory = try DiskInventory(source: source, state: state, clock: clock)
        #expect(try inventory.survey(bound: [identity(first)]).findings.isEmpty)
        source.replace(with: machine([disk("sdb", first, size: .mebibytes(65), address: "0:0:1:0")]))
        clock.advance(seconds: 1)
        #expect(try inventory.survey(bound: [identity(first)]).findings.map(\.kind) == [.grown])

        let again = try DiskInventory(source: source, state: state, clock: clock)
        #expect(try again.survey(bound: [identity(first)]).findings.map(\.kind) == [.grown])
        try again.accept(size: .mebibytes(65), of: identity(first))
        #expect(try again.survey(bound: [identity(first)]).findings.isEmpty)
        source.replace(with: machine([]))
        #expect(try again.survey(bound: []).findings.map(\.kind) == [.gone])
        try again.forget(identity(first))
        #expect(try DiskInventory(source: source, state: state, clock: clock).known == Ledger())

        source.fail(DeviceError(.inputOutput, operation: "read", object: "/proc/self/mountinfo"))
        let error = #expect(throws: InventoryError.self) { try again.survey(bound: []) }
        #expect(error?.code == .scanFailed)
    }

    @Test func `a recorded source tells what changes`() async throws {
        let source = RecordedDiskSource(machine([disk("sdb", first)]))
        var changes = try source.changes().makeAsyncIterator()
        source.replace(with: machine([disk("sdc", second)]))
        #expect(await changes.next() == DiskChange(.added, name: "sdc"))
        #expect(await changes.next() == DiskChange(.removed, name: "sdb"))
    }
}
