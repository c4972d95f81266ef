// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import Glibc
import LinuxSystem
import StoragePrimitives
import Synchronization
import Testing

/// What libblkid and libudev say of real devices: images with filesystems, and loop devices made here.
@Suite(.serialized)
struct LoopDeviceTests {
    /// Loop devices need root and a kernel that has them.
    private static let hasLoop = geteuid() == 0 && SystemFiles.exists("/dev/loop-control")

    private func run(_ command: String) throws {
        let failure = ShellCommand.run(
            command, environment: [], timeout: 60_000_000_000, clock: MachineSteadyClock())
        if let failure { throw DeviceError(.inputOutput, operation: command, object: "/bin/sh", detail: failure) }
    }

    /// An image that a shell command has written to, which calls it `$i`.
    private func withImage(_ command: String, _ body: (RecordedTree, String) throws -> Void) throws {
        let tree = try RecordedTree()
        let image = "\(tree.root)/image"
        try run("i=\(image); truncate --size 320M $i && { \(command); } >/dev/null 2>&1")
        try body(tree, image)
    }

    @Test func `an empty disk has no signature`() throws {
        try withImage("true") { (_, image) throws in #expect(try SignatureProbe.signatures(of: image).isEmpty)
        }
    }

    @Test func `filesystems are known by their signatures`() throws {
        try withImage("mkfs.ext4 -q -F -L label -U 8f6a61a3-2e7c-4f0f-8f3c-8a0a3ed0f001 $i") {
            (_, image) throws in
            let found = try SignatureProbe.signatures(of: image)
            #expect(
                found == [
                    Signature(
                        type: "ext4", usage: "filesystem", uuid: "8f6a61a3-2e7c-4f0f-8f3c-8a0a3ed0f001", label: "label",
                        offset: ByteOffset(1080))
                ])
        }
        try withImage("mkfs.xfs -q -f $i") { (_, image) throws in
            #expect(try SignatureProbe.signatures(of: image).map(\.type) == ["xfs"])
        }
        try withImage("mkswap $i") { (_, image) throws in
            #expect(try SignatureProbe.signatures(of: image).map(\.type) == ["swap"])
        }
    }

    @Test func `every signature is told, not only the first`() throws {
        // A partition table of one entry (type 83h, sector 2048, 4096 sectors) where ext4 leaves room for one.
        let entry = #"\000\000\000\000\203\000\000\000\000\010\000\000\000\020\000\000"#
        let table =
            "printf '\(entry)' | dd of=$i bs=1 seek=446 conv=notrunc; printf '\\125\\252' | dd of=$i bs=1 seek=510 conv=notrunc"
        try withImage("mkfs.ext4 -q -F $i; \(table)") { (_, image) throws in
            let types = try SignatureProbe.signatures(of: image).map(\.type)
            #expect(Set(types) == ["ext4", "dos"], "\(types)")
        }
    }

    @Test func `what cannot be opened is an error`() {
        let error = #expect(throws: DeviceError.self) { try SignatureProbe.signatures(of: "/dev/there-is-no-such") }
        #expect(error?.code == .notFound)
    }

    private final class Heard: Sendable {
        let changes = Mutex<[DiskChange]>([])
        let bell = Doorbell()
    }

    @Test(.enabled(if: hasLoop, "needs root and /dev/loop-control"))
    func `a change of a device is told within a second, and the device is seen as it is`() throws {
        try withImage("mkfs.ext4 -q -F $i") { (tree, image) throws in
            let heard = Heard()
            // This machine may have no udevd; the kernel tells in any case.
            let monitor = try DiskMonitor(group: .kernel) { change in
                heard.changes.withLock { $0.append(change) }
                heard.bell.ring()
            }
            defer { monitor.stop() }
            try run("losetup --find --show \(image) > \(tree.root)/name")
            let began = ContinuousClock().now
            let path = String(
                decoding: try #require(try SystemFiles.contents("\(tree.root)/name", limit: 100)), as: UTF8.self
            ).filter { !$0.isWhitespace }
            defer { try? run("losetup --detach \(path)") }
            let name = String(path.dropFirst(5))
            var isTold = false
            while !isTold, ContinuousClock().now - began < .seconds(1) {
                isTold = heard.changes.withLock { $0.contains { $0.name == name } }
                if !isTold { _ = heard.bell.wait(nanoseconds: 100_000_000) }
            }
            #expect(isTold)
            print("a change was told within \(ContinuousClock().now - began)")

            let scan = try SystemDiskSource(readsSignatures: true).scan()
            let disk = try #require(scan.disk(named: name))
            #expect(disk.kind == .loop)
            #expect(disk.backingFile == image)
            #expect(disk.size == .mebibytes(320))
            #expect(disk.signatures?.map(\.type) == ["ext4"])
            #expect(DeviceNode.exclusiveOpenFailure(disk.devnode) == nil)

            try run("mkdir \(tree.root)/mnt && mount \(path) \(tree.root)/mnt")
            defer { try? run("umount \(tree.root)/mnt") }
            #expect(DeviceNode.exclusiveOpenFailure(disk.devnode)?.code == .busy)
            let mounted = try SystemDiskSource().scan()
            let verdict = TargetRules().judge(
                try #require(mounted.disk(named: name)), in: mounted, for: .init(size: .mebibytes(1)))
            #expect(verdict.refusals.contains("\(name) is mounted on \(tree.root)/mnt."))
            #expect(verdict.refusals.contains { $0.contains("cannot be opened exclusively") })
        }
    }

    @Test func `a monitor that is stopped ends`() throws {
        let monitor = try DiskMonitor { _ in }
        monitor.stop()
        monitor.stop()
    }
}
