// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import LinuxSystem
import RetentionVolume
import StoragePrimitives

/// A folder of a test's own, removed with what is in it.
final class Scratch {
    let path: String

    init() throws {
        path = "/tmp/master-target-volume-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    // What cannot be removed stays in /tmp: it harms no other test.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Runs a program of the test's and returns what it printed.
@discardableResult
func run(_ program: String, _ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw DeviceError(.inputOutput, operation: program, object: arguments.joined(separator: " "))
    }
    return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}

/// A loop device over a sparse file, detached when it goes; what is mounted from it has to be unmounted before.
final class LoopDevice {
    let scratch: Scratch
    let devnode: String

    init(mebibytes: Int, readOnly: Bool = false) throws {
        scratch = try Scratch()
        let image = "\(scratch.path)/image"
        _ = FileManager.default.createFile(atPath: image, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: image))
        try file.truncate(atOffset: UInt64(mebibytes) << 20)
        try file.close()
        devnode =
            try readOnly
            ? run("losetup", "--find", "--show", "--read-only", image) : run("losetup", "--find", "--show", image)
    }

    var name: String { String(devnode.dropFirst("/dev/".count)) }

    deinit {
        // A device that is still in use is detached by the kernel when it no longer is.
        _ = try? run("losetup", "--detach", devnode)
    }
}

/// Whether loop devices can be made here: root, with the driver.
let canUseLoopDevices: Bool = {
    guard getuid() == 0, let device = try? LoopDevice(mebibytes: 1) else { return false }
    return withExtendedLifetime(device) { DeviceNode.exclusiveOpenFailure(device.devnode) == nil }
}()
