// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import Glibc
import LinuxSystem
import Testing

extension EndToEndTests {
    /// A virtual machine's disk, served by its hypervisor with a map of what was written.
    @Suite struct DirtyBitmapTests {
        private static let bytes = 16 << 20

        private static func has(_ program: String) -> Bool {
            ShellCommand.run(
                "command -v \(program)", environment: [], timeout: 5_000_000_000, clock: MachineSteadyClock()) == nil
        }

        private static let canServe = has("qemu-storage-daemon") && has("qemu-img") && has("qemu-io")

        @Test(.enabled(if: canServe, "qemu-storage-daemon, qemu-img or qemu-io is missing"))
        func `only what the bitmap names is read again`() throws {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("vm", ["vda"], bytes: Self.bytes)
            let disk = bed.path("vda.qcow2")
            func run(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) {
                let failure = ShellCommand.run(
                    script, environment: [], timeout: 20_000_000_000, clock: MachineSteadyClock())
                #expect(failure == nil, "\(script)", sourceLocation: sourceLocation)
            }
            run("qemu-img create -q -f qcow2 \(disk) \(Self.bytes)")
            run("qemu-io -f qcow2 -c 'write -P 1 0 \(Self.bytes)' \(disk) >/dev/null")
            run("qemu-img bitmap --add -g 65536 \(disk) changed")
            let socket = bed.path("nbd.sock")
            let server = try ChildProcess(
                URL(filePath: "/usr/bin/env"),
                [
                    "qemu-storage-daemon", "--blockdev", "driver=file,node-name=f,filename=\(disk)", "--blockdev",
                    "driver=qcow2,node-name=d,file=f", "--nbd-server",
                    "addr.type=unix,addr.path=\(socket),max-connections=4",
                    "--export", "type=nbd,id=e,node-name=d,name=vda,writable=on,bitmaps.0=changed",
                ], log: bed.path("server"))
            defer {
                server.signal(SIGTERM)
                _ = server.outcome(within: 5)
            }
            #expect(wait(10) { FileManager.default.fileExists(atPath: socket) }, "\(server.errors)")
            let sender = try bed.startSender(
                "vm", [],
                [
                    "--disk", "vda=nbd+unix:///vda?socket=\(socket)&bitmap=changed", "--interval", "200ms", "--json",
                    "--static-source", "--bookmark-label", "pass",
                ])
            func sent() -> [Substring] {
                sender.output.split(separator: "\n").filter { $0.contains(#""event":"passFinished""#) }
            }
            #expect(wait(20) { sent().count >= 2 }, "\(sender.output)\(sender.errors)")
            run("qemu-io -f raw -c 'write -P 2 4M 128k' 'nbd+unix:///vda?socket=\(socket)' >/dev/null")
            #expect(
                wait(20) { sent().contains { $0.contains(#""dataBytes":131072"#) } },
                "\(sender.output)\(sender.errors)")
            sender.signal(SIGTERM)
            #expect(sender.outcome(within: 15).status == 0)
            #expect(try bed.stopDaemon().status == 0)
            let target = try bed.target("vda")
            #expect(target[0] == 1)
            #expect(target[4 << 20..<(4 << 20) + (128 << 10)].allSatisfy { $0 == 2 })
            #expect(target[(4 << 20) + (128 << 10)] == 1)
        }
    }
}
