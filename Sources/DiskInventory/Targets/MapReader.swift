// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// Compares the paths of multipath maps by reading, and remembers the outcome for a while: every look at the machine
/// wants to know, and most find the paths as they were.
public final class MapReader: Sendable {
    /// Opens a path's node to read, past the page cache. A port, for tests.
    public typealias Open = @Sendable (_ devnode: String) throws(DeviceError) -> any BlockDevice

    /// How long what was read counts while the paths stay the same, in nanoseconds.
    public static let validity: Int64 = 60 * 1_000_000_000

    private struct Remembered {
        let paths: [Disk]
        let proof: MapProof
        let at: Timestamp
    }

    private let open: Open
    private let clock: any WallClock
    private let remembered = Mutex<[String: Remembered]>([:])
    /// Where targets were written to of late, which tells more than any other place.
    private let written = Mutex<[DiskIdentity: WrittenPlaces]>([:])

    /// - Parameter open: By default on this machine's devices.
    public init(
        clock: any WallClock = SystemClock(),
        open: @escaping Open = { devnode throws(DeviceError) in try DirectFile(path: devnode, access: .readOnly) }
    ) {
        self.clock = clock
        self.open = open
    }

    /// Whether a map's paths lead to one disk: from memory while it is young and the paths are the same, else by
    /// reading. Blocks.
    ///
    /// - Parameter validity: How old may be what is remembered, in nanoseconds.
    public func proof(of map: Disk, in scan: DiskScan, within validity: Int64 = validity) -> MapProof {
        let paths = scan.paths(of: map)
        let now = clock.now()
        if let last = remembered.withLock({ $0[map.name] }), last.paths == paths {
            let age = now.nanoseconds(since: last.at)
            if age >= 0, age < validity { return last.proof }
        }
        return read(map, in: scan)
    }

    /// Reads, whatever is remembered. Blocks for as long as the slowest path takes to answer or to fail.
    public func read(_ map: Disk, in scan: DiskScan) -> MapProof {
        let paths = scan.paths(of: map)
        var generator = SystemRandomNumberGenerator()
        let places = map.identity.flatMap { identity in written.withLock { $0[identity] } }?.offsets ?? []
        let offsets = MapProof.sampleOffsets(
            size: paths.map(\.size).min() ?? .zero, seed: generator.next(), written: places)
        let proof = compare(paths, at: offsets)
        remembered.withLock { $0[map.name] = Remembered(paths: paths, proof: proof, at: clock.now()) }
        return proof
    }

    private func compare(_ paths: [Disk], at offsets: [ByteOffset]) -> MapProof {
        var devices: [(name: String, device: any BlockDevice)] = []
        var unread: [MapProof.Unread] = []
        for path in paths {
            // Reading from a path that is known to be down would wait for its timeouts.
            if path.isOffline {
                unread.append(MapProof.Unread(path: path.name, reason: "it is offline"))
                continue
            }
            do throws(DeviceError) {
                devices.append((path.name, try open(path.devnode)))
            } catch {
                unread.append(MapProof.Unread(path: path.name, reason: "\(error)"))
            }
        }
        let proof = MapProof.compare(devices, at: offsets)
        return MapProof(
            paths: proof.paths, unread: unread + proof.unread, sampled: proof.sampled, informative: proof.informative,
            difference: proof.difference)
    }

    /// Forgets maps that are gone.
    func keep(_ maps: Set<String>) { remembered.withLock { $0 = $0.filter { maps.contains($0.key) } } }

    /// The places to note a target's writes in.
    func places(of identity: DiskIdentity) -> WrittenPlaces {
        written.withLock { written in
            let places = written[identity] ?? WrittenPlaces()
            written[identity] = places
            return places
        }
    }
}

/// Where a disk was written to last, a few places of it.
final class WrittenPlaces: Sendable {
    private static let most = 16
    private let places = Mutex<(offsets: [ByteOffset], next: Int)>(([], 0))

    /// The places.
    var offsets: [ByteOffset] { places.withLock { $0.offsets } }

    /// Notes where a write began.
    func note(_ offset: ByteOffset) {
        places.withLock { places in
            if places.offsets.count < Self.most {
                places.offsets.append(offset)
            } else {
                places.offsets[places.next] = offset
                places.next = (places.next + 1) % Self.most
            }
        }
    }
}
