// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives
import Synchronization

/// The last heartbeat of every server. Heartbeats are written to the inventory in one transaction every few seconds:
/// losing the last ones in a crash loses nothing that the next ones do not bring.
final class HeartbeatBoard: Sendable {
    struct Beat: Sendable {
        let moment: Timestamp
        let address: String
        let heartbeat: HeartbeatRequest
        /// The heartbeat as it came, which is how it is written: making it again takes longer than all else.
        let text: String
    }

    private struct Beats {
        var last: [String: Beat] = [:]
        var unwritten: Set<String> = []
        var count: UInt64 = 0
    }

    private let beats = Mutex(Beats())

    func take(_ heartbeat: HeartbeatRequest, text: String, of hostID: String, address: String, now: Timestamp) {
        beats.withLock { beats in
            beats.last[hostID] = Beat(moment: now, address: address, heartbeat: heartbeat, text: text)
            beats.unwritten.insert(hostID)
            beats.count += 1
        }
    }

    /// Heartbeats that came since the process started.
    var count: UInt64 { beats.withLock { $0.count } }

    func last(of hostID: String) -> Beat? { beats.withLock { $0.last[hostID] } }

    /// Those that came since the last call.
    func takeUnwritten() -> [String: Beat] {
        beats.withLock { beats in
            defer { beats.unwritten = [] }
            return beats.last.filter { beats.unwritten.contains($0.key) }
        }
    }

    /// These could not be written: the next call gives them again, or what came after them.
    func keep(_ hostIDs: some Sequence<String>) { beats.withLock { $0.unwritten.formUnion(hostIDs) } }
}
