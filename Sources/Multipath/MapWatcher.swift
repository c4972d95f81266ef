// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What happened to a map between two looks.
public enum MapEvent: Hashable, Sendable {
    case mapAppeared(wwid: String)
    case mapGone(wwid: String)
    case pathAdded(wwid: String, devnode: String)
    case pathRemoved(wwid: String, devnode: String)
    case pathFailed(wwid: String, devnode: String)
    case pathRestored(wwid: String, devnode: String)
    /// The last path went: after the events of the paths themselves.
    case allPathsLost(wwid: String)
    /// The map has a path again: after the events of the paths themselves.
    case pathsBack(wwid: String)
    case queueingChanged(wwid: String, QueueingMode)

    /// What happened, by comparing two looks at all maps. Maps are told apart by identity, paths by device number.
    ///
    /// The events of a map are in its order: paths first, then what it means for the map.
    public static func between(_ before: [MultipathMap], _ after: [MultipathMap]) -> [MapEvent] {
        // Two maps of one identity cannot be in the kernel; were they, the last is as good as the first.
        let earlier = Dictionary(before.map { ($0.wwid, $0) }) { $1 }
        let later = Set(after.map(\.wwid))
        var events: [MapEvent] = before.filter { !later.contains($0.wwid) }.map { .mapGone(wwid: $0.wwid) }
        for map in after {
            if let old = earlier[map.wwid] {
                events += changes(old, map)
            } else {
                events.append(.mapAppeared(wwid: map.wwid))
                events += map.paths.filter { !$0.isUp }.map { .pathFailed(wwid: map.wwid, devnode: $0.devnode) }
                if map.pathsUp == 0 { events.append(.allPathsLost(wwid: map.wwid)) }
            }
        }
        return events
    }

    private static func changes(_ old: MultipathMap, _ new: MultipathMap) -> [MapEvent] {
        let wwid = new.wwid
        let earlier = Dictionary(old.paths.map { ($0.deviceNumber, $0) }) { $1 }
        let later = Set(new.paths.map(\.deviceNumber))
        var events: [MapEvent] = old.paths.filter { !later.contains($0.deviceNumber) }
            .map { .pathRemoved(wwid: wwid, devnode: $0.devnode) }
        for path in new.paths {
            guard let before = earlier[path.deviceNumber] else {
                events.append(.pathAdded(wwid: wwid, devnode: path.devnode))
                if !path.isUp { events.append(.pathFailed(wwid: wwid, devnode: path.devnode)) }
                continue
            }
            if before.isUp, !path.isUp { events.append(.pathFailed(wwid: wwid, devnode: path.devnode)) }
            if !before.isUp, path.isUp { events.append(.pathRestored(wwid: wwid, devnode: path.devnode)) }
        }
        if old.pathsUp > 0, new.pathsUp == 0 { events.append(.allPathsLost(wwid: wwid)) }
        if old.pathsUp == 0, new.pathsUp > 0 { events.append(.pathsBack(wwid: wwid)) }
        if old.queueing != new.queueing { events.append(.queueingChanged(wwid: wwid, new.queueing)) }
        return events
    }
}

/// Looks at the maps from time to time and tells what happened. Owned by one thread, which calls ``poll(_:)``.
public struct MapWatcher: Sendable {
    private let clock: any SteadyClock
    private let interval: Int64
    private var nextLook: Int64
    private var failure: MultipathError?
    /// The maps as they were last seen: kept while the daemon does not answer.
    public private(set) var maps: [MultipathMap] = []

    /// A watcher that has seen no map yet.
    ///
    /// - Parameter interval: Nanoseconds between two looks; multipathd itself checks paths every 5 to 20 s.
    public init(clock: any SteadyClock, interval: Int64 = 2_000_000_000) {
        self.clock = clock
        self.interval = interval
        nextLook = clock.nanoseconds()
    }

    /// What a look brought.
    public enum Look: Hashable, Sendable {
        /// It is not yet time.
        case early
        /// What happened since the last look, nothing in most cases.
        case events([MapEvent])
        /// The daemon does not answer; told once, until it answers or fails otherwise.
        case lostDaemon(MultipathError)
    }

    /// Looks if it is time. Has the next look made at once: ``hurry()``.
    public mutating func poll(_ daemon: some MultipathDaemon) -> Look {
        let now = clock.nanoseconds()
        guard now >= nextLook else { return .early }
        nextLook = now + interval
        do {
            let seen = try daemon.maps()
            let events = MapEvent.between(maps, seen)
            maps = seen
            failure = nil
            return .events(events)
        } catch {
            let isNews = failure?.code != error.code
            failure = error
            return isNews ? .lostDaemon(error) : .events([])
        }
    }

    /// Makes the next ``poll(_:)`` look: something else (a udev event, a failed write) says that it is worth it.
    public mutating func hurry() { nextLook = clock.nanoseconds() }
}
