// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import LinuxSystem
import StateFiles
import StoragePrimitives
import Synchronization
import Testing

/// Operations: what is shown before, while and after.
@Suite struct SiteFollowTests {
    private static let path = "GET /v1/jobs/\(Sample.job)"

    /// The looks at a failover that goes well.
    private static let looks: [SiteJobReport] = [
        Sample.failover { $0.steps[0].state = .running },
        Sample.failover {
            $0.steps[0].state = .done
            $0.steps[0].message = "Nothing stands against it."
            $0.steps[1].state = .skipped
            $0.steps[2].state = .running
            $0.steps[2].message = "Disks are being changed."
            $0.steps[2].doneBytes = ByteCount(1 << 30)
            $0.steps[2].totalBytes = ByteCount(4 << 30)
            $0.steps[2].secondsLeft = 90
        },
        Sample.failover {
            $0.steps[0].state = .done
            $0.steps[0].message = "Nothing stands against it."
            $0.steps[1].state = .skipped
            $0.steps[2].state = .done
            $0.steps[2].message = "The disks show it."
            $0.steps[2].started = Sample.noon
            $0.steps[2].ended = Sample.after(63)
            $0.state = .done
            $0.result = "Group erp shows number 812."
        },
    ]

    @Test func `a script sees each step as it ends, and progress by tenths`() async throws {
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            try site.on(Self.path, Self.looks[0], Self.looks[0], Self.looks[1], Self.looks[1], Self.looks[2])
            let result = await terminal("failover", "erp", "--point", "latest", "--yes")
            #expect(result.code == 0, "\(result.errors)")
            #expect(
                result.output == """
                    Point:          latest, number 812
                    Time:           \(LocalTime.describe(Sample.noon.timestamp))
                    Promise:        crash-consistent, exact
                    WOULD BE LOST:  nothing: the sources stop, and what they wrote is sent first
                    Job 3f2a91c0: failover to latest of group erp, asked for by alice.
                    ▸ check
                    ✓ check        Nothing stands against it.
                    - stop source  Not needed.
                    ▸ recover      Disks are being changed.
                                   25 %, 1 GiB of 4 GiB, 1 min 30 s left
                    ✓ recover      The disks show it. (1 min 3 s)
                    Group erp shows number 812.
                    Start the machines, and accept the point with mtctl site commit erp. Another point can be taken until a machine \
                    has written to the disks; mtctl site rollback erp is possible until the commit.

                    """)
        }
    }

    @Test func `a terminal has a bar that changes in its line`() async throws {
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            // The first one is of who looks the job up.
            try site.on(Self.path, Self.looks[1], Self.looks[1], Self.looks[2])
            var person = terminal
            person.isTerminal = true
            let result = await person("job", "follow", Sample.job)
            #expect(result.code == 0)
            #expect(
                result.output == "Job 3f2a91c0: failover to latest of group erp, asked for by alice.\n"
                    + "\r\u{1B}[K✓ check        Nothing stands against it.\n- stop source  Not needed.\n"
                    + "▸ recover [#######----------------------] 25 %  1 GiB of 4 GiB, 1 min 30 s left"
                    + "\r\u{1B}[K✓ recover      The disks show it. (1 min 3 s)\nGroup erp shows number 812.\n")
        }
    }

    @Test func `with --json each change is a line of JSON`() async throws {
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            try site.on(Self.path, Self.looks[0], Self.looks[0], Self.looks[1], Self.looks[2])
            let result = await terminal("failover", "erp", "--point", "latest", "--yes", "--json")
            #expect(result.code == 0)
            let lines = result.lines.filter { !$0.isEmpty }
            let shown = try lines.map { try JSON.decode(SiteJobReport.self, from: Array($0.utf8)) }
            #expect(shown == Self.looks)
        }
    }

    @Test func `--no-wait returns when the job has begun`() async throws {
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            let result = await terminal("failover", "erp", "--point", "latest", "--yes", "--no-wait")
            #expect(result.code == 0)
            #expect(result.output.contains("Follow it with mtctl site job follow 3f2a91c0."))
            let json = await terminal("commit", "erp", "--yes", "--no-wait", "--json")
            let begun = try JSON.decode(SiteJobReport.self, from: Array(json.output.utf8))
            #expect(begun.id == Sample.job)
            #expect(!site.asked.contains { $0.call == Self.path })
        }
    }

    @Test func `whoever stops looking does not stop the job, and is told`() async throws {
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            try site.on(Self.path, Self.looks[1])
            let looks = Mutex(0)
            let (wishes, wish) = AsyncStream<Void>.makeStream()
            var person = terminal
            person.pause = {
                // The person has seen something.
                if looks.withLock({ looks in
                    looks += 1
                    return looks == 3
                }) {
                    wish.finish()
                }
                try await Task.sleep(for: .milliseconds(1))
            }
            person.interruption = { for await _ in wishes {} }
            let result = await person("failover", "erp", "--point", "latest", "--yes")
            #expect(result.code == 130)
            #expect(result.errors == "Job 3f2a91c0 goes on. Follow it with mtctl site job follow 3f2a91c0.\n")
            #expect(!site.asked.contains { $0.call.contains("cancel") })
        }
    }

    @Test func `a job that fails is 1, with its reason and how it is begun again`() async throws {
        let failed = Sample.failover {
            $0.steps[0].state = .failed
            $0.steps[0].message = "ps-1 did not say that the sources are stopped."
            $0.state = .failed
            $0.failure = ConfigurationFailure(.conflict, "The sources may run.", remedy: "Stop them.")
        }
        let cancelled = Sample.failover { $0.state = .cancelled }
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            try site.on(Self.path, Self.looks[0], failed)
            let result = await terminal("job", "follow", Sample.job)
            #expect(result.code == 1)
            #expect(result.output.contains("✗ check        ps-1 did not say that the sources are stopped.\n"))
            #expect(result.output.hasSuffix("Once that is put right: mtctl site job retry 3f2a91c0\n"))
            #expect(result.errors == "The sources may run. Stop them.\n")
            try site.on(Self.path, cancelled)
            #expect(await terminal("job", "follow", Sample.job).errors.contains("was cancelled by an operator"))
            try site.on("POST /v1/jobs/\(Sample.job)/cancel", Sample.failover { $0.state = .cancelling })
            #expect(await terminal("job", "cancel", Sample.job).code == 0)
        }
    }

    @Test func `a server that is started again while a job is followed is waited for`() async throws {
        let (folder, site) = (try TestFolder(), try ScriptedSite())
        try site.issueOperator("alice", into: "\(folder.path)/operator")
        try site.on(Self.path, Self.looks[0])
        let (silences, silence) = AsyncStream<Void>.makeStream()
        let (looks, look) = AsyncStream<Void>.makeStream()
        let terminal = Mutex<SiteTerminal?>(nil)
        let (port, following) = try await site.serve { port in
            var person = SiteTerminal(folder: folder, port: port)
            let pauses = Mutex(0)
            person.pause = {
                look.yield()
                if pauses.withLock({ pauses in
                    pauses += 1
                    return pauses > 20
                }) {
                    silence.yield()
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            terminal.withLock { $0 = person }
            let follower = person
            // It outlives this server; the test ends it below.
            let following = Task { await follower("job", "follow", Sample.job) }
            for await _ in looks { break }
            return (port, following)
        }
        for await _ in silences { break }
        try site.on(Self.path, Self.looks[2])
        try await site.serve(port: port) { _ in
            let result = await following.value
            #expect(result.code == 0, "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(result.errors.contains("The job goes on; it is asked again."))
            #expect(result.output.contains("✓ recover"))
        }
    }
}
