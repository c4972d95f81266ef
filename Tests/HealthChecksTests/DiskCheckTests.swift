// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HealthChecks
import Testing

@Suite struct DiskCheckTests {
    @Test(
        arguments: [
            (true, "3600", true, Severity.ok), (true, nil, false, .warning), (true, nil, true, .critical),
            (true, "", true, .critical), (false, nil, true, .ok),
        ] as [(Bool, String?, Bool, Severity)])
    func `disks.enable-uuid: no identity is a warning, of a bound disk critical`(
        isSCSI: Bool, identity: String?, isBound: Bool, severity: Severity
    ) throws {
        let finding = try judge("disks.enable-uuid") {
            $0.disks = .known(
                DisksFacts(disks: [DiskFacts(name: "sdb", isSCSI: isSCSI, identity: identity, isBound: isBound)]))
        }
        #expect(finding.severity == severity)
        if severity != .ok { #expect(finding.remedy?.contains("disk.EnableUUID to TRUE") == true) }
    }

    @Test func `disks.unique: devices that carry one identity and are not one disk are critical`() throws {
        let disks = ["sdb", "sdc"].map { DiskFacts(name: $0, isSCSI: true, identity: "3600", isBound: false) }
        let sound = try judge("disks.unique") { $0.disks = .known(DisksFacts(disks: disks)) }
        #expect(sound.severity == .ok)
        #expect(sound.evidence == ["1 identities, each of one disk."])
        let conflicts = ["first", "second"].map {
            DisksFacts.Conflict(sentence: "The \($0).", remedy: "Mend the \($0).")
        }
        let finding = try judge("disks.unique") { $0.disks = .known(DisksFacts(disks: disks, conflicts: conflicts)) }
        #expect(finding.severity == .critical)
        #expect(finding.evidence == ["The first.", "The second."])
        #expect(finding.remedy == "Mend the first. Mend the second.")
    }

    @Test(
        arguments: [
            ([], Severity.ok), ([.address], .warning), ([.gone], .warning), ([.identity], .critical),
            ([.size], .critical),
            ([.address, .size], .critical),
        ] as [([LedgerFacts.Change.Kind], Severity)])
    func `disks.ledger: another address is a warning, another identity or size critical`(
        kinds: [LedgerFacts.Change.Kind], severity: Severity
    ) throws {
        let changes = kinds.map { LedgerFacts.Change(kind: $0, sentence: "A \($0).") }
        let finding = try judge("disks.ledger") { $0.ledger = .known(LedgerFacts(known: 3, changes: changes)) }
        #expect(finding.severity == severity)
        if kinds.count == 2 { #expect(finding.evidence == ["A size.", "A address."]) }
    }

    @Test func `disks.ledger: a bound disk that is gone is critical, with the remedy of whoever found it`() throws {
        let gone = LedgerFacts.Change(kind: .gone, sentence: "It is gone.", isBound: true, remedy: "Attach it.")
        let finding = try judge("disks.ledger") { $0.ledger = .known(LedgerFacts(known: 3, changes: [gone])) }
        #expect(finding.severity == .critical)
        #expect(finding.remedy == "Attach it.")
    }

    @Test func `disks.guard: anything active on a bound disk is critical`() throws {
        #expect(
            try judge("disks.guard") { $0.guards = .known(GuardFacts(boundDisks: 2, intrusions: [])) }.severity == .ok)
        let gap = try judge("disks.guard") {
            $0.guards = .known(GuardFacts(boundDisks: 2, intrusions: [], gaps: ["LVM is not told of sdb."]))
        }
        #expect(gap.severity == .warning)
        #expect(gap.remedy?.contains("mtctl host prepare --apply") == true)
        let finding = try judge("disks.guard") {
            $0.guards = .known(GuardFacts(boundDisks: 2, intrusions: ["vg0 is active on sdb."]))
        }
        #expect(finding.severity == .critical && finding.evidence == ["vg0 is active on sdb."])
    }

    @Test func `multipath.daemon: critical when it is missing and wanted`() throws {
        func severity(_ isRunning: Bool, _ disks: [String]) throws -> Severity {
            try judge("multipath.daemon") {
                $0.multipath = .known(MultipathFacts(isRunning: isRunning, disksWithSeveralPaths: disks))
            }.severity
        }
        #expect(try severity(true, ["a"]) == .ok)
        #expect(try severity(false, []) == .ok)
        #expect(try severity(false, ["a"]) == .critical)
        #expect(try severity(false, ["a", "b"]) == .critical)
    }

    @Test(
        arguments: [
            ([], Severity.ok), ([(2, 2)], .ok), ([(1, 2)], .warning), ([(0, 2)], .critical), ([(0, 0)], .critical),
            ([(3, 2)], .unknown), ([(-1, 2)], .unknown), ([(0, -1)], .unknown), ([(.max, .max), (.max, .max)], .ok),
            ([(2, 2), (1, 2), (0, 2)], .critical), ([(.min, .min)], .unknown),
        ] as [([(Int, Int)], Severity)])
    func `multipath.paths: one down is a warning, none up critical`(maps: [(Int, Int)], severity: Severity) throws {
        let finding = try judge("multipath.paths") {
            $0.multipath = .known(
                MultipathFacts(isRunning: true, maps: maps.map { .init(name: "m", pathsUp: $0.0, paths: $0.1) }))
        }
        #expect(finding.severity == severity)
    }

    @Test func `multipath.config: what overrides ours is a warning`() throws {
        #expect(
            try judge("multipath.config") { $0.multipath = .known(MultipathFacts(isRunning: true)) }.severity == .ok)
        let overridden = MultipathFacts(isRunning: true, overrides: ["multipath.conf line 3 sets it to 'yes'."])
        #expect(try judge("multipath.config") { $0.multipath = .known(overridden) }.severity == .warning)
    }

    @Test func `what devices call themselves cannot harm a report`() throws {
        let hostile = String(repeating: "\u{1B}[2Jx\n\u{202E}", count: 500)
        let disks = (0..<5000).map { _ in DiskFacts(name: hostile, isSCSI: true, identity: nil, isBound: true) }
        let finding = try judge("disks.enable-uuid") { $0.disks = .known(DisksFacts(disks: disks)) }
        #expect(finding.evidence.count == Finding.mostEvidence + 1)
        #expect(finding.evidence.last == "There are \(5000 - Finding.mostEvidence) more.")
        for sentence in finding.evidence {
            #expect(sentence.unicodeScalars.count <= Finding.longestSentence + 1)
            #expect(!sentence.unicodeScalars.contains { ["\u{1B}", "\n", "\u{202E}"].contains($0) })
        }
    }
}
