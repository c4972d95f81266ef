// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Multipath
import StoragePrimitives
import Synchronization
import Testing

@Suite struct MapHealthTests {
    static func maps(_ reply: String) throws -> [MultipathMap] { try MapsReply.decode(Array(reply.utf8)) }

    @Test func `all up is fine, one lost a warning, the last lost critical`() throws {
        let up = try Self.maps(RecordedReplies.mapsUp).map { MapHealth($0) }
        #expect(up == [.allUp(paths: 2), .allUp(paths: 2)])
        #expect(up.map(\.severity) == [.fine, .fine])
        let lost = try Self.maps(RecordedLosses.oneLost).map { MapHealth($0) }
        #expect(
            lost == [
                .noneUp(paths: 2, queueing: .unset(queuesForever: false)), .degraded(up: 1, down: ["sdd (faulty)"]),
            ])
        #expect(lost.map(\.severity) == [.critical, .warning])
        #expect(lost[1].sentence(map: "m") == "m: sdd (faulty) is down, 1 of 2 paths carries I/O.")
        #expect(lost[0].sentence(map: "m") == "m: none of its 2 paths is up; I/O fails.")
    }

    @Test func `a map without paths has none up`() throws {
        var map = try Self.maps(RecordedReplies.mapsUp)[0]
        map.groups = []
        #expect(MapHealth(map).severity == .critical)
    }

    @Test func `a path counts when both the kernel and the checker let it`() throws {
        let path = try Self.maps(RecordedReplies.mapsUp)[0].paths[0]
        for (state, checker, isUp) in [
            (MultipathPath.PathState.active, CheckerState.ready, true), (.active, .ghost, true),
            (.active, .pending, true), (.active, .faulty, false), (.active, .timedOut, false),
            (.active, .undefined, false), (.active, .delayed, false), (.failed, .ready, false),
            (.other("undef"), .ready, false), (.active, .shaky, false), (.active, .other("new"), false),
        ] {
            var changed = path
            changed.state = state
            changed.checkerState = checker
            #expect(changed.isUp == isUp)
        }
    }
}

@Suite struct MapWatcherTests {
    final class TestClock: SteadyClock {
        private let time = Mutex<Int64>(0)
        func nanoseconds() -> Int64 { time.withLock { $0 } }
        func advance(_ nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }
    }

    static let shared = MapsReplyTests.shared
    static let paired = MapsReplyTests.paired

    @Test func `what was recorded happens in its order`() throws {
        let up = try MapHealthTests.maps(RecordedReplies.mapsUp)
        let lost = try MapHealthTests.maps(RecordedLosses.oneLost)
        let gone = try MapHealthTests.maps(RecordedLosses.allLost)
        #expect(MapEvent.between([], up) == [.mapAppeared(wwid: Self.shared), .mapAppeared(wwid: Self.paired)])
        #expect(MapEvent.between(up, up).isEmpty)
        #expect(
            MapEvent.between(up, lost) == [
                .pathFailed(wwid: Self.shared, devnode: "sdb"), .pathFailed(wwid: Self.shared, devnode: "sdc"),
                .allPathsLost(wwid: Self.shared), .pathFailed(wwid: Self.paired, devnode: "sdd"),
            ])
        #expect(
            MapEvent.between(lost, gone) == [
                .pathFailed(wwid: Self.paired, devnode: "sde"), .allPathsLost(wwid: Self.paired),
            ])
        #expect(
            MapEvent.between(gone, up) == [
                .pathRestored(wwid: Self.shared, devnode: "sdb"), .pathRestored(wwid: Self.shared, devnode: "sdc"),
                .pathsBack(wwid: Self.shared), .pathRestored(wwid: Self.paired, devnode: "sdd"),
                .pathRestored(wwid: Self.paired, devnode: "sde"), .pathsBack(wwid: Self.paired),
            ])
        #expect(MapEvent.between(up, []) == [.mapGone(wwid: Self.shared), .mapGone(wwid: Self.paired)])
    }

    @Test func `paths that come and go, and queueing, are told`() throws {
        let map = try MapHealthTests.maps(RecordedReplies.mapsUp)[1]
        var changed = map
        changed.groups[1].paths[0].deviceNumber = DeviceNumber(major: 65, minor: 0)
        changed.groups[1].paths[0].devnode = "sdq"
        changed.groups[1].paths[0].checkerState = .faulty
        changed.queueing = .off
        #expect(
            MapEvent.between([map], [changed]) == [
                .pathRemoved(wwid: Self.paired, devnode: "sde"), .pathAdded(wwid: Self.paired, devnode: "sdq"),
                .pathFailed(wwid: Self.paired, devnode: "sdq"), .queueingChanged(wwid: Self.paired, .off),
            ])
    }

    @Test func `it looks when it is time, and tells once that the daemon is gone`() {
        let clock = TestClock()
        let daemon = MemoryMultipathDaemon()
        var watcher = MapWatcher(clock: clock, interval: 1000)
        #expect(watcher.poll(daemon) == .events([]))
        #expect(watcher.poll(daemon) == .early)
        daemon.answer(.showMaps, with: RecordedReplies.mapsUp)
        daemon.answer(.showPaths, with: RecordedReplies.paths)
        clock.advance(999)
        #expect(watcher.poll(daemon) == .early)
        clock.advance(1)
        #expect(
            watcher.poll(daemon) == .events([.mapAppeared(wwid: Self.shared), .mapAppeared(wwid: Self.paired)]))
        let error = MultipathError(.notRunning, object: "socket")
        daemon.fail(with: error)
        clock.advance(1000)
        #expect(watcher.poll(daemon) == .lostDaemon(error))
        #expect(watcher.maps.count == 2)
        clock.advance(1000)
        #expect(watcher.poll(daemon) == .events([]))
        daemon.fail(with: nil)
        daemon.answer(.showMaps, with: RecordedLosses.oneLost)
        watcher.hurry()
        guard case .events(let events) = watcher.poll(daemon) else {
            Issue.record("it did not look")
            return
        }
        #expect(events.contains(.allPathsLost(wwid: Self.shared)))
    }
}

@Suite struct MultipathDaemonTests {
    @Test func `maps are completed by what the paths say`() throws {
        let daemon = MemoryMultipathDaemon()
        #expect(try daemon.maps().isEmpty)
        #expect(daemon.requests == [.showMaps])
        daemon.answer(.showMaps, with: RecordedReplies.mapsUp)
        daemon.answer(.showPaths, with: RecordedReplies.paths)
        let paths = try daemon.maps().flatMap(\.paths)
        #expect(paths.map { $0.details?.address } == ["0:0:1:1", "0:0:1:2", "0:0:1:3", "1:0:1:0"])
        #expect(paths[0].details?.wwid == MapsReplyTests.shared)
    }

    @Test func `its state and its configuration are read`() throws {
        let daemon = MemoryMultipathDaemon()
        daemon.answer(.showDaemon, with: RecordedReplies.daemon)
        daemon.answer(.showConfiguration, with: RecordedConfigurations.before)
        #expect(try daemon.state().activity == "idle")
        #expect(try daemon.configuration().effective("find_multipaths")?.value == "on")
        try daemon.reconfigure()
        daemon.answer(.showDaemon, with: "what?")
        #expect(throws: MultipathError.self) { try daemon.state() }
    }

    @Test(arguments: [
        ("fail\n", MultipathError.Code.refused), ("timeout\n", .timedOut),
        ("permission deny: need to be root\n", .permissionDenied), (RecordedConfigurations.unknownCommand, .refused),
    ])
    func `a refusal is an error of its kind`(reply: String, code: MultipathError.Code) {
        let daemon = MemoryMultipathDaemon()
        daemon.answer(.showMaps, with: reply)
        let error = #expect(throws: MultipathError.self) { try daemon.maps() }
        #expect(error?.code == code)
    }

    @Test(arguments: MultipathError.Code.allCases)
    func `every error is a sentence and a remedy`(code: MultipathError.Code) {
        let text = MultipathError(code, object: "it", detail: "why").description
        #expect(text.contains("it") && text.contains("why") && text.hasSuffix("."))
    }
}
