// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Multipath
import StoragePrimitives

/// What metrics tell that can take its time to find out: looked at now and then, never when somebody scrapes.
struct MetricsSamples: Sendable {
    /// A value and when it was so.
    struct Sample<Value: Sendable>: Sendable {
        var value: Value
        var moment: Timestamp
    }

    /// The retention volume.
    struct Volume: Sendable {
        var report: VolumeReport
        /// Bytes of its filesystem; nil while it is not usable.
        var size: ByteCount?
    }

    /// multipathd and its maps.
    struct Maps: Sendable {
        struct Map: Sendable {
            var name: String
            var wwid: String
            var up: Int
            var paths: Int
            var faults: UInt64
        }

        /// More than a machine has disks; what is beyond is not told of.
        static let maximum = 1024

        var isRunning: Bool
        var maps: [Map] = []
    }

    /// A certificate that somebody has to see to before it expires.
    enum Certificate: String, Sendable {
        /// The one that process servers and NBD clients see.
        case replication
        /// The one that the configuration server gave.
        case registration
        /// The authority's, of those that this host trusts the first to expire.
        case authority
    }

    var volume: Sample<Volume>?
    var multipath: Sample<Maps>?
    var certificates: Sample<[Certificate: Timestamp]>?
}

extension MetricsSamples.Maps {
    /// Asks multipathd. Blocks.
    init(_ daemon: any MultipathDaemon) {
        do {
            let maps = try daemon.maps()
            isRunning = true
            self.maps = maps.prefix(Self.maximum).map { map in
                Map(name: map.name, wwid: map.wwid, up: map.pathsUp, paths: map.paths.count, faults: map.pathFaults)
            }
        } catch {
            // Why it does not answer is told by health.
            isRunning = false
        }
    }
}

extension HostCertificate {
    /// When its own certificate expires, and the first of its authorities.
    var expiries: [MetricsSamples.Certificate: Timestamp] {
        var expiries: [MetricsSamples.Certificate: Timestamp] = [:]
        expiries[.replication] = chain.first.map { .seconds(Int64($0.notValidAfter)) }
        expiries[.authority] = authority.map { .seconds(Int64($0.notValidAfter)) }.min()
        return expiries
    }
}
