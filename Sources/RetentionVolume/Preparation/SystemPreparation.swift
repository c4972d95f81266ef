// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// Prepares a volume on this machine. Blocks, for minutes on a large disk: not on the cooperative pool.
///
/// `mkfs` and `systemctl` are programs that are run; nothing else here is. Names and identities reach them by the
/// environment, never as part of a command.
public final class SystemPreparation: PreparationSystem {
    /// How long a filesystem may take to be made: discarding a large thin disk takes minutes.
    static let formatTimeout: Int64 = 3600 * 1_000_000_000
    /// How long a unit may take to start: the device's own limit is 90 s.
    static let startTimeout: Int64 = 120 * 1_000_000_000
    /// Bytes at each end of the device that are made zeroes before a filesystem is made: every signature that libblkid
    /// knows begins there, or is found only through one that does.
    static let wipedBytes = ByteCount.mebibytes(1)
    private static let longestOutput = 16 << 10

    private let mounter: any Mounter
    private let unitFolder: String
    private let scratchFolder: String
    private let clock: any SteadyClock

    /// Prepares on this machine.
    ///
    /// - Parameters:
    ///   - unitFolder: Where the unit is written.
    ///   - scratchFolder: Where what the programs print is kept until they end.
    public init(
        mounter: any Mounter = SystemMounter(), unitFolder: String = MountUnit.folder, scratchFolder: String = "/run",
        clock: any SteadyClock = MachineSteadyClock()
    ) {
        self.mounter = mounter
        self.unitFolder = unitFolder
        self.scratchFolder = scratchFolder
        self.clock = clock
    }

    /// What a plan has to know of this machine.
    public func surroundings(path: String) throws(RetentionVolumeError) -> PreparationPlan.Surroundings {
        // Which unit belongs to a path does not depend on the filesystem.
        let name = "\(MountUnit.escape(path)).mount"
        var text: String?
        do {
            text = try SystemFiles.contents("\(unitFolder)/\(name)", limit: 64 << 10)
                .map { String(decoding: $0, as: UTF8.self) }
        } catch {
            throw RetentionVolumeError(.unitFailed, object: name, detail: "\(error)")
        }
        return PreparationPlan.Surroundings(
            hasSystemd: SystemFiles.exists("/run/systemd/system"), hasFolder: FolderTree.isFolder(path), unitText: text,
            mounts: try mounter.mounts())
    }

    /// Does a step.
    public func perform(_ step: PreparationStep) throws(RetentionVolumeError) {
        switch step {
        case .format(let format): try make(format)
        case .makeFolder(let path):
            do {
                try FolderTree.make(path, mode: 0o755)
            } catch {
                throw RetentionVolumeError(.badPath, object: path, detail: "\(error)")
            }
        case .writeUnit(let unit):
            do {
                try DirectoryFolder(path: unitFolder).replace(unit.name, with: Array(unit.text.utf8), mode: 0o644)
            } catch {
                throw RetentionVolumeError(.unitFailed, object: unit.name, detail: "\(error)")
            }
        case .startUnit(let unit):
            let command = #"systemctl daemon-reload && systemctl enable --now "$MT_UNIT""#
            if let problem = run(command, ["MT_UNIT=\(unit.name)"], timeout: Self.startTimeout) {
                throw RetentionVolumeError(.unitFailed, object: unit.name, detail: problem)
            }
        case .mount(let devnode, let path, let type, let options):
            try mounter.mount(source: devnode, target: path, type: type, options: options)
        }
    }

    private func make(_ format: PreparationStep.Format) throws(RetentionVolumeError) {
        try clear(format)
        let command =
            switch format.filesystem {
            case .xfs: #"mkfs.xfs -q -f -L "$MT_LABEL" -m uuid="$MT_UUID" "$MT_DEVICE""#
            // Nothing but the appliance writes there, so nothing is kept back for root.
            case .ext4: #"mkfs.ext4 -q -F -m 0 -L "$MT_LABEL" -U "$MT_UUID" "$MT_DEVICE""#
            }
        let variables = [
            "MT_LABEL=\(PreparationRequest.label)", "MT_UUID=\(format.uuid)", "MT_DEVICE=\(format.devnode)",
        ]
        if let problem = run(command, variables, timeout: Self.formatTimeout) {
            throw RetentionVolumeError(.formatFailed, object: format.devnode, detail: problem)
        }
        // Believed when seen: a program that ends well on a disk that lies would be noticed much later.
        let found = try VolumeSignature.all(on: format.devnode)
        guard found.count == 1, found[0].name == format.filesystem.rawValue, found[0].uuid == format.uuid else {
            throw RetentionVolumeError(
                .formatFailed, object: format.devnode,
                detail:
                    "afterwards it carries \(found.isEmpty ? "nothing" : found.map(\.title).joined(separator: ", "))")
        }
    }

    /// With the device to ourselves: makes sure that it is what was planned for, and takes away what it carries.
    private func clear(_ format: PreparationStep.Format) throws(RetentionVolumeError) {
        func changed(_ detail: String) -> RetentionVolumeError {
            RetentionVolumeError(.changedMeanwhile, object: format.devnode, detail: detail)
        }
        do {
            let device = try DirectFile(path: format.devnode, access: .exclusive)
            guard SystemFiles.blockDeviceNumber(format.devnode) == format.device else {
                throw changed("its number was \(format.device)")
            }
            let found = Set(try VolumeSignature.all(on: format.devnode).map(\.name)).sorted()
            guard found == format.losing else {
                let names = found.isEmpty ? "nothing" : found.joined(separator: ", ")
                throw changed("it carries \(names), and was planned to lose \(format.losing.joined(separator: ", "))")
            }
            let block = UInt64(device.logicalBlockSize)
            let wiped = min(Self.wipedBytes.rawValue, device.size.rawValue) / block * block
            let last = (device.size.rawValue - wiped) / block * block
            try device.writeZeroes(at: .zero, count: ByteCount(wiped))
            try device.writeZeroes(at: ByteOffset(last), count: ByteCount(wiped))
            try device.flush()
        } catch let error as RetentionVolumeError {
            throw error
        } catch let error as DeviceError where error.code == .busy {
            throw changed("somebody has it to himself")
        } catch {
            throw RetentionVolumeError(.formatFailed, object: format.devnode, detail: "\(error)")
        }
    }

    /// Runs a command; nil when it ended well, else what happened and what it printed last.
    private func run(_ command: String, _ variables: [String], timeout: Int64) -> String? {
        let name = "master-target-\(PreparationRequest.randomUUID()).log"
        let log = "\(scratchFolder)/\(name)"
        let problem = ShellCommand.run(
            "{ \(command); } >\"$MT_LOG\" 2>&1 </dev/null", environment: variables + ["MT_LOG=\(log)", "LC_ALL=C"],
            timeout: timeout, clock: clock)
        // What cannot be read back or removed is a few lines in a folder that the next start empties.
        let output = problem == nil ? nil : try? SystemFiles.contents(log, limit: Self.longestOutput)
        try? DirectoryFolder(path: scratchFolder).remove(name)  // as above
        guard let problem else { return nil }
        let words = String(decoding: output ?? [], as: UTF8.self).split(whereSeparator: \.isNewline)
        let last = words.suffix(3).map { String($0.prefix(300)) }.joined(separator: "; ")
        return last.isEmpty ? problem : "\(problem): \(last)"
    }
}
