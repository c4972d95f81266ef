// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// Prepares volumes in memory, for simulation and tests: what is done to them, and a failure at any step.
public final class MemoryPreparation: PreparationSystem {
    /// The volumes as they are now, the folder and the unit.
    public struct Machine: Hashable, Sendable {
        /// What is known of each volume, by its device.
        public var volumes: [String: VolumeFacts]
        /// The surroundings.
        public var surroundings: PreparationPlan.Surroundings

        /// A machine.
        public init(volumes: [VolumeFacts], surroundings: PreparationPlan.Surroundings) {
            // A name is one volume's.
            self.volumes = Dictionary(volumes.map { ($0.devnode ?? $0.name, $0) }) { first, _ in first }
            self.surroundings = surroundings
        }
    }

    private struct State: Sendable {
        var machine: Machine
        var stepsLeft: Int?
    }

    private let state: Mutex<State>

    /// A machine in memory.
    public init(_ machine: Machine) { state = Mutex(State(machine: machine)) }

    /// What it is like now.
    public var machine: Machine { state.withLock { $0.machine } }

    /// The step after so many fails and does nothing; nil ends that.
    public func fail(after steps: Int?) { state.withLock { $0.stepsLeft = steps } }

    /// Does a step.
    public func perform(_ step: PreparationStep) throws(RetentionVolumeError) {
        let problem = state.withLock { state -> RetentionVolumeError? in
            if let left = state.stepsLeft {
                guard left > 0 else {
                    return RetentionVolumeError(.formatFailed, object: "memory", detail: "it is to fail")
                }
                state.stepsLeft = left - 1
            }
            return Self.perform(step, on: &state.machine)
        }
        if let problem { throw problem }
    }

    private static func perform(_ step: PreparationStep, on machine: inout Machine) -> RetentionVolumeError? {
        switch step {
        case .format(let format):
            guard var volume = machine.volumes[format.devnode], volume.node?.number == format.device,
                Set(volume.signatures.map(\.name)).sorted() == format.losing, volume.mounts.isEmpty
            else { return RetentionVolumeError(.changedMeanwhile, object: format.devnode) }
            volume.signatures = [
                VolumeSignature(format.filesystem.rawValue, label: PreparationRequest.label, uuid: format.uuid)
            ]
            machine.volumes[format.devnode] = volume
        case .makeFolder: machine.surroundings.hasFolder = true
        case .writeUnit(let unit): machine.surroundings.unitText = unit.text
        case .startUnit(let unit):
            guard machine.surroundings.hasSystemd, machine.surroundings.unitText == unit.text,
                let volume = machine.volumes.first(where: { $0.value.signatures.first?.uuid == unit.uuid })
            else { return RetentionVolumeError(.unitFailed, object: unit.name) }
            return mount(volume.key, path: unit.path, type: unit.type, on: &machine)
        case .mount(let devnode, let path, let type, _): return mount(devnode, path: path, type: type, on: &machine)
        }
        return nil
    }

    private static func mount(
        _ devnode: String, path: String, type: String, on machine: inout Machine
    ) -> RetentionVolumeError? {
        guard let node = machine.volumes[devnode]?.node, machine.volumes[devnode]?.signatures.first?.name == type,
            machine.surroundings.hasFolder
        else { return RetentionVolumeError(.mountFailed, object: devnode) }
        // Starting what is started changes nothing.
        guard machine.surroundings.mounts.at(path) == nil else { return nil }
        let entry = MountEntry(source: devnode, target: path, type: type, device: node.number)
        machine.volumes[devnode]?.mounts.append(entry)
        machine.surroundings.mounts.append(entry)
        return nil
    }
}
