// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import Testing

/// Every state × every event. In a cell: `=` allowed, the state stays; a state; or `!` and the reason of the refusal.
@Suite struct GroupLifecycleTests {
    static let events: [(String, GroupLifecycle.Event)] = [
        ("bind", .bindDisk), ("unbind", .unbindDisk), ("delete", .delete), ("pause", .pause), ("bookmark", .bookmark),
        ("recover", .recover), ("rollback", .rollback), ("commit", .commit),
        ("resumeE", .resume(.everything)), ("resumeI", .resume(.initialSync)), ("resumeR", .resume(.resync)),
        ("resumeN", .resume(.nothing)),
        ("seeE", .observed(.everything)), ("seeI", .observed(.initialSync)), ("seeR", .observed(.resync)),
        ("seeN", .observed(.nothing)),
        ("rewound", .rewound), ("abandP", .abandoned(isRecovered: false)), ("abandR", .abandoned(isRecovered: true)),
        ("released", .released), ("discarded", .historyDiscarded), ("written", .targetsWritten),
        ("failed", .failed(cause: "c")),
        ("restored", .restored),
    ]

    static let states: [(String, GroupLifecycle.State)] = [
        ("created", .created), ("initialSync", .initialSync), ("protected", .protected), ("resyncing", .resyncing),
        ("paused", .paused(hasHistory: false)), ("pausedH", .paused(hasHistory: true)),
        ("recoveringR", .recovering(.recover)), ("recoveringB", .recovering(.rollback)), ("recovered", .recovered),
        ("committed", .committed), ("released", .released), ("degraded", .degraded(cause: "old", from: .protected)),
        ("degradedNew", .degraded(cause: "old", from: .created)),
        ("degradedRec", .degraded(cause: "old", from: .recovering(.recover))),
    ]

    // swift-format-ignore
    static let table = """
        state       bind unbind delete pause   bookmark recover     rollback    commit    resumeE resumeI     resumeR   resumeN   seeE    seeI        seeR      seeN      rewound   abandP    abandR    released discarded   written   failed restored
        created     =    =      =      paused  !np      !nh         !nr         !nr       !npa    !npa        !npa      !npa      =       initialSync resyncing protected =         =         =         =        =           !nr       D      =
        initialSync !rep =      =      paused  !np      !nh         !nr         !nr       !npa    !npa        !npa      !npa      created =           resyncing protected =         =         =         =        created     !nr       D      =
        protected   !rep =      =      pausedH =        recoveringR !nr         !nr       !npa    !npa        !npa      !npa      created initialSync resyncing =         =         =         =         =        created     !nr       D      =
        resyncing   !rep =      =      pausedH !np      recoveringR !nr         !nr       !npa    !npa        !npa      !npa      created initialSync =         protected =         =         =         =        created     !nr       D      =
        paused      =    =      =      !pa     !np      !nh         !nr         !nr       created initialSync resyncing protected =       =           =         pausedH   =         =         =         =        =           !nr       D      =
        pausedH     !rep =      =      !pa     !np      recoveringR !nr         !nr       created initialSync resyncing protected =       =           =         =         =         =         =         =        paused      !nr       D      =
        recoveringR !ing !ing   !ing   !ing    !ing     !ing        !ing        !ing      !ing    !ing        !ing      !ing      =       =           =         =         recovered protected recovered =        =           !ing      D      =
        recoveringB !ing !ing   !ing   !ing    !ing     !ing        !ing        !ing      !ing    !ing        !ing      !ing      =       =           =         =         protected protected recovered =        =           !ing      D      =
        recovered   !red !red   !red   !red    !red     recoveringR recoveringB committed !red    !red        !red      !red      =       =           =         =         =         =         =         =        =           resyncing D      =
        committed   !com !com   !com   !com    !com     !com        !com        !com      !com    !com        !com      !com      =       =           =         =         =         =         =         released =           !com      D      =
        released    !com !com   =      !com    !com     !com        !com        !com      !com    !com        !com      !com      =       =           =         =         =         =         =         =        =           !com      =      =
        degraded    !deg =      =      !deg    !deg     !deg        !deg        !deg      =       =           =         =         =       =           =         =         =         =         =         =        degradedNew !deg      D      protected
        degradedNew =    =      =      !deg    !deg     !deg        !deg        !deg      =       =           =         =         =       =           =         =         =         =         =         =        =           !deg      D      created
        degradedRec !deg !ing   !ing   !deg    !deg     !deg        !deg        !deg      =       =           =         =         =       =           =         =         =         =         =         =        =           !deg      D      recoveringR
        """

    static let refusals: [String: Refusal] = [
        "!rep": .replicating, "!npa": .notPaused, "!pa": .paused, "!np": .notProtected, "!nh": .noHistory,
        "!nr": .notRecovered, "!ing": .recovering, "!red": .recovered, "!com": .committed, "!deg": .degraded("old"),
    ]

    @Test func `every state answers every event`() throws {
        let rows = Self.table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let states = Dictionary(uniqueKeysWithValues: Self.states)
        #expect(rows.dropFirst().map(\.[0]) == Self.states.map(\.0))
        #expect(Array(rows[0].dropFirst()) == Self.events.map(\.0))
        for row in rows.dropFirst() {
            let before = try #require(states[row[0]])
            for (column, event) in Self.events.enumerated() {
                let cell = row[column + 1]
                var lifecycle = GroupLifecycle(before)
                let outcome = lifecycle.handle(event.1)
                let place = Comment(rawValue: "\(row[0]) × \(event.0)")
                if cell == "=" {
                    #expect(outcome == .permitted, place)
                    #expect(lifecycle.state == before, place)
                } else if cell.hasPrefix("!") {
                    #expect(outcome == .refused(try #require(Self.refusals[cell])), place)
                    #expect(lifecycle.state == before, place)
                } else {
                    let former: GroupLifecycle.State
                    if case .degraded(_, let from) = before { former = from } else { former = before }
                    let after = cell == "D" ? .degraded(cause: "c", from: former) : try #require(states[cell])
                    #expect(outcome == .moved, place)
                    #expect(lifecycle.state == after, place)
                }
            }
        }
    }

    @Test func `every state but the last has a way out`() {
        for (name, state) in Self.states where state != .released {
            let ways = Self.events.filter { event in
                var lifecycle = GroupLifecycle(state)
                return lifecycle.handle(event.1) == .moved
            }
            #expect(!ways.isEmpty, "\(name)")
        }
    }
}
