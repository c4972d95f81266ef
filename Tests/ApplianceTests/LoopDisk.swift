// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import StoragePrimitives

/// A loop device that a recorded machine shows as a SCSI disk; detached when it goes.
final class LoopDisk: Sendable {
    let devnode: String
    let number: DeviceNumber

    init(in folder: TestFolder, _ name: String, _ size: ByteCount) throws {
        try folder.makeImage(name, size)
        try Self.run("losetup --find --show \(folder.path)/\(name) > \(folder.path)/\(name).loop")
        devnode = String(try folder.read("\(name).loop").prefix { !$0.isWhitespace })
        guard let number = SystemFiles.blockDeviceNumber(devnode) else {
            throw DeviceError(.notFound, operation: "losetup", object: devnode)
        }
        self.number = number
    }

    deinit { try? Self.run("losetup --detach \(devnode)") }  // the kernel detaches what is still in use later

    var name: String { String(devnode.dropFirst("/dev/".count)) }

    func disk(_ identity: String, size: ByteCount) -> Disk {
        Recorded.disk(name, identity, number: number, size: size)
    }

    static func run(_ command: String) throws {
        let problem = ShellCommand.run(
            command, environment: [], timeout: 60_000_000_000, clock: MachineSteadyClock())
        if let problem { throw DeviceError(.inputOutput, operation: command, object: "sh", detail: problem) }
    }
}

/// Whether loop devices can be made here: root, with the driver.
let hasLoopDisks: Bool = {
    guard let folder = try? TestFolder() else { return false }
    return (try? LoopDisk(in: folder, "probe", .mebibytes(1))) != nil
}()
