// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// Block devices in memory: what a simulation or a test says there are.
public final class RecordedDiskSource: DiskSource {
    private struct State {
        var scan: DiskScan
        var failure: DeviceError?
        var listeners: [AsyncStream<DiskChange>.Continuation] = []
    }

    private let state: Mutex<State>

    /// A machine with these devices.
    public init(_ scan: DiskScan) { state = Mutex(State(scan: scan)) }

    /// What was set last.
    public func scan() throws(DeviceError) -> DiskScan {
        let (scan, failure) = state.withLock { ($0.scan, $0.failure) }
        if let failure { throw failure }
        return scan
    }

    /// Sets what there is, and tells the difference.
    public func replace(with scan: DiskScan) {
        let (old, listeners) = state.withLock { state in
            defer {
                state.scan = scan
                state.failure = nil
            }
            return (state.scan, state.listeners)
        }
        var changes: [DiskChange] = []
        for disk in scan.disks where old.disk(named: disk.name) != disk {
            changes.append(DiskChange(old.disk(named: disk.name) == nil ? .added : .changed, name: disk.name))
        }
        for disk in old.disks where scan.disk(named: disk.name) == nil {
            changes.append(DiskChange(.removed, name: disk.name))
        }
        for listener in listeners { for change in changes { listener.yield(change) } }
    }

    /// Makes scans fail until the next ``replace(with:)``.
    public func fail(_ error: DeviceError) { state.withLock { $0.failure = error } }

    /// What is set from now on.
    public func changes() throws(DeviceError) -> AsyncStream<DiskChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: DiskChange.self, bufferingPolicy: .bufferingNewest(256))
        state.withLock { $0.listeners.append(continuation) }
        return stream
    }
}
