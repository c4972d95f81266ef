// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// The content of a simulated disk or file: what is on the platter, and what is in its cache.
///
/// A write goes to the cache, a sync to the platter. A crash lets each cached sector reach the platter or not, in any
/// of the versions it had: writes are lost, torn at 512 bytes and reordered.
final class SimulatedMedia: Sendable {
    private struct State {
        var platter: [[UInt8]?] = []
        /// Versions of a sector since the last sync, oldest first.
        var cache: [Int: [[UInt8]]] = [:]
    }

    private let state = Mutex(State())
    static let sector = 512

    init() {}

    /// The same content and cache, from here on apart.
    init(copying other: SimulatedMedia) {
        let copied = other.state.withLock { $0 }
        state.withLock { $0 = copied }
    }

    var sectorCount: Int { state.withLock { $0.platter.count } }

    func resize(to sectors: Int) {
        state.withLock { state in
            if sectors < state.platter.count {
                state.platter.removeLast(state.platter.count - sectors)
                state.cache = state.cache.filter { $0.key < sectors }
            } else {
                state.platter.append(contentsOf: [[UInt8]?](repeating: nil, count: sectors - state.platter.count))
            }
        }
    }

    func sector(_ index: Int) -> [UInt8] {
        state.withLock { state in
            state.cache[index]?.last ?? state.platter[index] ?? [UInt8](repeating: 0, count: Self.sector)
        }
    }

    func write(_ content: [UInt8], at index: Int) {
        state.withLock { state in
            state.cache[index, default: []].append(content)
        }
    }

    func sync() {
        state.withLock { state in
            for (index, versions) in state.cache { state.platter[index] = versions.last }
            state.cache = [:]
        }
    }

    /// What a loss of power leaves.
    func crash(_ power: SimulatedPower) {
        state.withLock { state in
            for (index, versions) in state.cache.sorted(by: { $0.key < $1.key }) {
                let choice = power.random(below: versions.count + 1)
                if choice > 0 { state.platter[index] = versions[choice - 1] }
            }
            state.cache = [:]
        }
    }

    /// Changes a byte on the platter: what a disk does over the years. What was in the cache got there first.
    func rot(sector index: Int, byte: Int) {
        state.withLock { state in
            if let last = state.cache.removeValue(forKey: index)?.last { state.platter[index] = last }
            var content = state.platter[index] ?? [UInt8](repeating: 0, count: Self.sector)
            content[byte] ^= 0x40
            state.platter[index] = content
        }
    }

    // MARK: Transfers

    func read(into buffer: inout MutableRawSpan, at offset: UInt64) {
        for position in 0..<buffer.byteCount / Self.sector {
            let content = sector(Int(offset) / Self.sector + position)
            unsafe buffer.replace(at: position * Self.sector, with: content.span.bytes)
        }
    }

    /// Writes the first `count` sectors of `bytes`, in no order that would matter.
    func write(_ bytes: RawSpan, at offset: UInt64, sectors count: Int? = nil) {
        for position in 0..<min(count ?? .max, bytes.byteCount / Self.sector) {
            var content: [UInt8] = []
            content.reserveCapacity(Self.sector)
            let part = bytes.extracting(position * Self.sector..<(position + 1) * Self.sector)
            unsafe part.withUnsafeBytes { unsafe content.append(contentsOf: $0) }
            write(content, at: Int(offset) / Self.sector + position)
        }
    }
}
