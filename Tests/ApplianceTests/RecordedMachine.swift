// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import StoragePrimitives
import Synchronization

/// Disks of a machine that is not there, in a line each.
enum Recorded {
    static let first = "36000c290000000000000000000000001"
    static let second = "36000c290000000000000000000000002"

    static func identity(_ text: String) -> DiskIdentity {
        guard let identity = DiskIdentity(rawValue: text) else { preconditionFailure("a test's identity") }
        return identity
    }

    static func disk(
        _ name: String, _ identity: String?, number: DeviceNumber = DeviceNumber(major: 8, minor: 16),
        size: ByteCount = .mebibytes(64), address: String = "0:0:1:0"
    ) -> Disk {
        var evidence = DiskIdentifiers.Evidence()
        if let identity {
            // Page 0x83 with one designator: binary, of the unit, NAA. Source: SPC-4, 7.8.6.
            let digits = identity.dropFirst().compactMap(\.hexDigitValue)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
            evidence.deviceIdentification = [0, 0x83, 0, UInt8(bytes.count + 4), 1, 3, 0, UInt8(bytes.count)] + bytes
        }
        var disk = Disk(name: name, deviceNumber: number, kind: .scsi, size: size)
        disk.identifiers = DiskIdentifiers(evidence)
        disk.address = SCSIAddress(address)
        disk.vendor = "VMware"
        disk.model = "Virtual disk"
        disk.transport = .sas
        return disk
    }

    /// A multipath map over paths that are in the same scan.
    static func map(_ name: String, _ identity: String, over paths: [Disk], size: ByteCount = .mebibytes(64)) -> Disk {
        var map = Disk(
            name: name, deviceNumber: DeviceNumber(major: 254, minor: 0), kind: .multipathMap, size: size)
        map.mapName = identity
        map.mapUUID = "mpath-\(identity)"
        map.slaves = paths.map(\.name)
        map.transport = .none
        return map
    }

    static func scan(_ disks: Disk...) -> DiskScan {
        var disks = disks
        for map in disks where map.kind == .multipathMap {
            for index in disks.indices where map.slaves.contains(disks[index].name) {
                disks[index].holders.append(map.name)
            }
        }
        return StackAssembly().scan(disks, tables: .init(), platform: .vmware)
    }
}

/// What was asked of whoever keeps others off bound disks.
final class RecordedKeepers: Sendable {
    struct Call {
        let bound: [String]
        let changed: [String]
    }
    private let calls = Mutex<[Call]>([])
    private let failure = Mutex<DeviceError?>(nil)

    var last: Call? { calls.withLock { $0.last } }
    var count: Int { calls.withLock { $0.count } }
    func fail(_ error: DeviceError?) { failure.withLock { $0 = error } }

    func install(_ bound: [UdevGuard.BoundDisk], _ changed: [Disk]) throws {
        if let error = failure.withLock({ $0 }) { throw error }
        calls.withLock { $0.append(Call(bound: bound.map(\.identity.rawValue), changed: changed.map(\.name))) }
    }
}

/// A clock that goes on when it is told to. Who sleeps wakes when his time is reached.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        let offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var next = 0
        var sleepers: [Int: (deadline: Instant, wake: CheckedContinuation<Void, any Error>)] = [:]
        var cancelled: Set<Int> = []
    }
    private let state = Mutex(State())

    var now: Instant { state.withLock { $0.now } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.sleepers[id] = (deadline, continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.wake)
        }
        for wake in due { wake.resume() }
    }
}
