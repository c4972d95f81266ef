// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import LinuxSystem
import RetentionVolume
import StoragePrimitives
import Testing

/// Real devices, filesystems and mounts: needs root, and touches only loop devices that it made.
@Suite(.serialized, .enabled(if: canUseLoopDevices, "needs root and loop devices"))
struct LoopVolumeTests {
    static func facts(_ device: LoopDevice, path: String) throws -> (VolumeFacts, VolumeInspector.Inspection) {
        let inspection = try VolumeInspector().inspect(path: path)
        return (try #require(inspection.volumes.first { $0.name == device.name }), inspection)
    }

    static func context(_ inspection: VolumeInspector.Inspection, path: String) -> RetentionContext {
        RetentionContext(path: path, layout: inspection.layout, minimumSize: .mebibytes(256))
    }

    static func failures(_ device: LoopDevice, path: String = "/nowhere/retention") throws -> [String] {
        let (facts, inspection) = try facts(device, path: path)
        return RetentionRuleTests.failures(facts, in: context(inspection, path: path))
    }

    @Test(arguments: [
        ("mkfs.xfs", ["-q", "-f", "-L", "one"], "xfs", "one"), ("mkfs.ext4", ["-q", "-F", "-L", "two"], "ext4", "two"),
        ("mkfs.vfat", ["-n", "THREE"], "vfat", "THREE"), ("mkswap", ["-L", "four"], "swap", "four"),
    ])
    func `signatures are found as they were made`(
        program: String, options: [String], name: String, label: String
    ) throws {
        let device = try LoopDevice(mebibytes: 320)
        #expect(try VolumeSignature.all(on: device.devnode).isEmpty)
        let made = (try? runAll(program, options + [device.devnode])) != nil
        guard made else { return }  // dosfstools is not everywhere
        let signatures = try VolumeSignature.all(on: device.devnode)
        #expect(signatures.map(\.name).contains(name))
        #expect(signatures.first { $0.name == name }?.label == label)
        #expect(
            signatures.first { $0.name == name }?.uuid
                == (try run("blkid", "-o", "value", "-s", "UUID", device.devnode)))
        #expect(try Self.failures(device).isEmpty == ["xfs", "ext4"].contains(name))
    }

    private func runAll(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw DeviceError(.inputOutput, operation: program, object: arguments.joined(separator: " "))
        }
    }

    @Test func `what cannot be opened is named`() {
        let error = #expect(throws: RetentionVolumeError.self) { try VolumeSignature.all(on: "/dev/nothing") }
        #expect(error?.code == .unreadableSignatures)
    }

    @Test func `a blank loop device is a candidate, a read-only or held one is not`() throws {
        let blank = try LoopDevice(mebibytes: 320)
        #expect(try Self.failures(blank).isEmpty)
        #expect(try Self.failures(try LoopDevice(mebibytes: 320, readOnly: true)) == ["writable"])
        #expect(try Self.failures(try LoopDevice(mebibytes: 64)) == ["enough-room"])
        let holder = try DirectFile(path: blank.devnode, access: .exclusive)
        #expect(try Self.failures(blank) == ["not-locked"])
        withExtendedLifetime(holder) {}
    }

    @Test(arguments: PreparationRequest.Filesystem.allCases)
    func `a blank device is prepared, used, and prepared again without a change`(
        filesystem: PreparationRequest.Filesystem
    ) throws {
        let device = try LoopDevice(mebibytes: 400)
        let scratch = try Scratch()
        let path = "\(scratch.path)/retention"
        let mounter = SystemMounter()
        let system = SystemPreparation(mounter: mounter, unitFolder: scratch.path, scratchFolder: scratch.path)
        let request = PreparationRequest(volume: device.name, filesystem: filesystem, path: path)
        func plan(_ request: PreparationRequest) throws -> PreparationPlan {
            let (facts, inspection) = try Self.facts(device, path: path)
            var surroundings = try system.surroundings(path: path)
            surroundings.hasSystemd = false
            return try PreparationPlan(
                request, for: facts, in: Self.context(inspection, path: path), surroundings: surroundings)
        }
        try plan(request).apply(on: system)
        defer { try? mounter.unmount(target: path) }
        #expect(try plan(request).steps.isEmpty)
        let entry = try #require(try mounter.mounts().at(path))
        #expect(entry.type == filesystem.rawValue && entry.source == device.devnode && !entry.isBindMount)
        #expect(entry.device == SystemFiles.blockDeviceNumber(device.devnode))
        let units = try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasSuffix(".mount") }
        #expect(units == ["\(MountUnit.escape(path)).mount"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).allSatisfy { !$0.hasSuffix(".log") })

        let seen = VolumeObserver().observe(path: path)
        #expect(seen.probe == .written && seen.isMountPoint && seen.signature?.uuid == request.uuid)
        let findings = VolumeFinding.findings(seen, expectedUUID: request.uuid)
        #expect(findings.allSatisfy { if case .almostFull = $0 { true } else { false } })
        #expect(try !FileManager.default.contentsOfDirectory(atPath: path).contains(VolumeObserver.probeName))
        let other = VolumeFinding.findings(seen, expectedUUID: Sample.uuid)
        #expect(other.contains(.otherFilesystem(path: path, found: request.uuid, expected: Sample.uuid)))

        try run("mount", "-o", "remount,ro", path)
        let readOnly = VolumeFinding.findings(VolumeObserver().observe(path: path), expectedUUID: request.uuid)
        #expect(readOnly.first == .readOnly(path: path))
        try run("mount", "-o", "remount,rw", path)

        // The next process finds what the one before left.
        _ = FileManager.default.createFile(atPath: "\(path)/\(VolumeObserver.probeName)", contents: Data([1]))
        #expect(VolumeObserver().observe(path: path).probe == .written)
    }

    @Test func `what a device carries is lost only when it is named`() throws {
        let device = try LoopDevice(mebibytes: 400)
        let scratch = try Scratch()
        let path = "\(scratch.path)/retention"
        try run("mkfs.ext4", "-q", "-F", "-L", "data", device.devnode)
        let before = try VolumeSignature.all(on: device.devnode)
        let system = SystemPreparation(unitFolder: scratch.path, scratchFolder: scratch.path)
        func plan(_ destroying: Set<String>) throws -> PreparationPlan {
            let (facts, inspection) = try Self.facts(device, path: path)
            return try PreparationPlan(
                PreparationRequest(volume: device.name, path: path, destroying: destroying), for: facts,
                in: Self.context(inspection, path: path),
                surroundings: PreparationPlan.Surroundings(hasSystemd: false, hasFolder: false))
        }
        for named in [[], ["xfs"]] as [Set<String>] {
            let error = #expect(throws: RetentionVolumeError.self) { try plan(named) }
            #expect(error?.code == .wouldDestroy)
        }
        #expect(try VolumeSignature.all(on: device.devnode) == before)

        // Between plan and deed somebody makes another filesystem: nothing is lost that was not named.
        let made = try plan(["ext4"])
        try run("mkfs.xfs", "-q", "-f", device.devnode)
        let error = #expect(throws: RetentionVolumeError.self) { try made.apply(on: system) }
        #expect(error?.code == .changedMeanwhile)
        #expect(try VolumeSignature.all(on: device.devnode).map(\.name) == ["xfs"])

        // Held by somebody: not touched either.
        let consented = try plan(["xfs"])
        let holder = try DirectFile(path: device.devnode, access: .exclusive)
        let busy = #expect(throws: RetentionVolumeError.self) { try consented.apply(on: system) }
        #expect(busy?.code == .changedMeanwhile)
        withExtendedLifetime(holder) {}
        guard case .format(let format) = consented.steps[0] else {
            Issue.record("it makes no filesystem")
            return
        }
        #expect(format.losing == ["xfs"])
    }

    @Test func `a failed mkfs says what it said`() throws {
        let device = try LoopDevice(mebibytes: 4)
        let scratch = try Scratch()
        let system = SystemPreparation(unitFolder: scratch.path, scratchFolder: scratch.path)
        let format = PreparationStep.Format(
            devnode: device.devnode, device: try #require(SystemFiles.blockDeviceNumber(device.devnode)), losing: [],
            filesystem: .xfs, uuid: Sample.uuid)
        let error = #expect(throws: RetentionVolumeError.self) { try system.perform(.format(format)) }
        #expect(error?.code == .formatFailed)
        #expect(error?.detail.contains("status 1: ") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    @Test func `bind mounts and plain folders are findings and no crash`() throws {
        let device = try LoopDevice(mebibytes: 320)
        let scratch = try Scratch()
        let (whole, bind) = ("\(scratch.path)/whole", "\(scratch.path)/bind")
        for folder in [whole, bind] { try FolderTree.make(folder) }
        try run("mkfs.xfs", "-q", "-f", device.devnode)
        let mounter = SystemMounter()
        try mounter.mount(source: device.devnode, target: whole, type: "xfs", options: "noatime")
        defer { try? mounter.unmount(target: whole) }
        try FolderTree.make("\(whole)/part")
        try run("mount", "--bind", "\(whole)/part", bind)
        defer { try? mounter.unmount(target: bind) }
        let seen = VolumeObserver().observe(path: bind)
        #expect(seen.mount?.isBindMount == true && seen.mount?.root == "/part" && seen.probe == .written)
        #expect(
            VolumeFinding.findings(seen, expectedUUID: seen.signature?.uuid).contains {
                if case .bindMount = $0 { true } else { false }
            })
        #expect(try Self.failures(device, path: bind) == ["not-mounted-elsewhere"])

        let plain = VolumeObserver().observe(path: "\(whole)/part")
        #expect(!plain.isMountPoint && plain.probe == .written)
        #expect(
            VolumeFinding.findings(plain, expectedUUID: nil).first { $0.severity == .critical }
                == .notMounted(path: "\(whole)/part", on: plain.mount))
        let none = VolumeObserver().observe(path: "\(scratch.path)/none")
        #expect(VolumeFinding.findings(none, expectedUUID: nil) == [.noFolder(path: "\(scratch.path)/none")])
        let root = VolumeObserver().observe(path: scratch.path, isProbing: false)
        #expect(root.probe == .notTried && !root.isMountPoint)
        // A symbolic link leads to where it leads.
        try FileManager.default.createSymbolicLink(atPath: "\(scratch.path)/link", withDestinationPath: whole)
        #expect(VolumeObserver().observe(path: "\(scratch.path)/link").isMountPoint)
    }

    @Test func `mount errors are named`() throws {
        let scratch = try Scratch()
        let device = try LoopDevice(mebibytes: 16)
        let mounter = SystemMounter()
        for (source, target) in [
            (device.devnode, scratch.path), ("/dev/nothing", scratch.path), (device.devnode, "/nowhere/at/all"),
        ] {
            let error = #expect(throws: RetentionVolumeError.self) {
                try mounter.mount(source: source, target: target, type: "xfs", options: "")
            }
            #expect(error?.code == .mountFailed)
            #expect(error?.detail.isEmpty == false)
        }
        #expect(throws: RetentionVolumeError.self) { try mounter.unmount(target: scratch.path) }
    }
}
