// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// Mounts in memory, for simulation and tests. Filesystems have to be made known before they can be mounted.
public final class MemoryMounter: Mounter {
    private struct State: Sendable {
        var mounts: [MountEntry]
        var swaps: [SwapEntry]
        var filesystems: [String: (type: String, device: DeviceNumber)] = [:]
        var failure: RetentionVolumeError?
    }

    private let state: Mutex<State>

    /// A machine with these mounts and swap areas.
    public init(mounts: [MountEntry] = [], swaps: [SwapEntry] = []) {
        state = Mutex(State(mounts: mounts, swaps: swaps))
    }

    /// Puts a filesystem on a device.
    public func addFilesystem(source: String, type: String, device: DeviceNumber) {
        state.withLock { $0.filesystems[source] = (type, device) }
    }

    /// Makes what is mounted at `target` take no writes, or take them again: what a kernel does after an error.
    public func setReadOnly(_ isReadOnly: Bool, target: String) {
        state.withLock { state in
            for index in state.mounts.indices where state.mounts[index].target == target {
                state.mounts[index].isReadOnly = isReadOnly
            }
        }
    }

    /// Every call fails so from now on; nil ends that.
    public func fail(with error: RetentionVolumeError?) { state.withLock { $0.failure = error } }

    /// The mount table.
    public func mounts() throws(RetentionVolumeError) -> [MountEntry] { try read { $0.mounts } }

    /// The swap areas in use.
    public func swaps() throws(RetentionVolumeError) -> [SwapEntry] { try read { $0.swaps } }

    /// Mounts a filesystem that was made known.
    public func mount(source: String, target: String, type: String, options: String) throws(RetentionVolumeError) {
        let problem = state.withLock { state -> RetentionVolumeError? in
            if let failure = state.failure { return failure }
            guard let filesystem = state.filesystems[source], filesystem.type == type else {
                return RetentionVolumeError(.mountFailed, object: source, detail: "it carries no \(type)")
            }
            guard target.hasPrefix("/") else {
                return RetentionVolumeError(.mountFailed, object: target, detail: "there is no such folder")
            }
            state.mounts.append(
                MountEntry(
                    source: source, target: target, type: type, device: filesystem.device,
                    isReadOnly: options.split(separator: ",").contains("ro")))
            return nil
        }
        if let problem { throw problem }
    }

    /// Unmounts what is on top at `target`.
    public func unmount(target: String) throws(RetentionVolumeError) {
        let problem = state.withLock { state -> RetentionVolumeError? in
            if let failure = state.failure { return failure }
            guard let index = state.mounts.lastIndex(where: { $0.target == target }) else {
                return RetentionVolumeError(.mountFailed, object: target, detail: "nothing is mounted there")
            }
            state.mounts.remove(at: index)
            return nil
        }
        if let problem { throw problem }
    }

    private func read<Value: Sendable>(_ value: (borrowing State) -> Value) throws(RetentionVolumeError) -> Value {
        let (failure, value) = state.withLock { ($0.failure, value($0)) }
        if let failure { throw failure }
        return value
    }
}
