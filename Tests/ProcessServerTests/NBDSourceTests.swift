// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import NIOPosix
import ProcessServer
import StoragePrimitives
import Testing

/// Against real servers, where they are installed.
@Suite(.serialized) struct NBDSourceTests {
    static func has(_ program: String) -> Bool {
        ShellCommand.run("command -v \(program)", environment: [], timeout: 5_000_000_000, clock: MachineSteadyClock())
            == nil
    }

    /// Runs `server`, which forks into the background and writes its process id to `$pid`, around `body`.
    static func with(
        _ server: String, _ body: (String) throws -> Void
    ) throws {
        let folder = "/tmp/mt-nbd-\(UInt64.random(in: .min ... .max))"
        let clock = MachineSteadyClock()
        let environment = ["dir=\(folder)", "pid=\(folder)/pid", "socket=\(folder)/socket"]
        let minute: Int64 = 60_000_000_000
        #expect(ShellCommand.run("mkdir \(folder)", environment: [], timeout: minute, clock: clock) == nil)
        defer {
            _ = ShellCommand.run(
                "test -f $pid && kill $(cat $pid); rm -rf \(folder)", environment: environment, timeout: minute,
                clock: clock)
        }
        #expect(ShellCommand.run(server, environment: environment, timeout: minute, clock: clock) == nil)
        try body("\(folder)/socket")
    }

    /// What the first byte of each of the given offsets is.
    static func bytes(_ source: NBDSource, at offsets: [UInt64]) throws -> [UInt8] {
        var buffer = AlignedBuffer(count: 1 << 20)
        return try offsets.map { offset in
            var span = buffer.mutableBytes
            try source.read(into: &span, at: ByteOffset(offset))
            return unsafe buffer.bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
        }
    }

    static func stretches(_ source: NBDSource, size: UInt64, changesOnly: Bool) throws -> [SourceStretch] {
        var found: [SourceStretch] = []
        var offset: UInt64 = 0
        while offset < size {
            let next = try source.stretch(in: offset..<size, changesOnly: changesOnly)
            found.append(next)
            offset = next.end
        }
        return found
    }

    @Test(.enabled(if: has("nbdkit"), "nbdkit is not installed"))
    func `nbdkit's data and holes`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = "nbdkit -U $socket -P $pid data data='@0x400000 (0x5a)*0x200000' size=16M"
        try Self.with(server) { socket in
            let address = try #require(NBDAddress("nbd+unix:///?socket=\(socket)"))
            let source = NBDSource(id: "d", address: address, group: group)
            #expect(try source.open() == SourceGeometry(size: .mebibytes(16), logicalBlockSize: 512))
            #expect(try Self.bytes(source, at: [0, 4 << 20, 5 << 20, 8 << 20]) == [0, 0x5a, 0x5a, 0])
            let stretches = try Self.stretches(source, size: 16 << 20, changesOnly: false)
            #expect(stretches.first == SourceStretch(end: 4 << 20, content: .zeroes))
            #expect(stretches.last == SourceStretch(end: 16 << 20, content: .zeroes))
            source.close()
            #expect(throws: ProcessServerError.self) { try Self.bytes(source, at: [0]) }
        }
        try await group.shutdownGracefully()
    }

    @Test(
        .enabled(if: has("qemu-nbd") && has("qemu-img") && has("qemu-io"), "qemu-nbd, qemu-img or qemu-io is missing"))
    func `qemu-nbd's dirty bitmap`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = """
            cd $dir && qemu-img create -q -f qcow2 d.qcow2 16M && qemu-io -f qcow2 -c 'write -P 1 0 16M' d.qcow2 \
            >/dev/null && qemu-img bitmap --add -g 65536 d.qcow2 b0 && qemu-io -f qcow2 -c 'write -P 2 4M 128k' \
            d.qcow2 >/dev/null && qemu-img bitmap --disable d.qcow2 b0 \
            && qemu-nbd -r -f qcow2 -B b0 -t --fork --pid-file=$pid -k $socket d.qcow2
            """
        try Self.with(server) { socket in
            let address = try #require(NBDAddress("nbd+unix:///?socket=\(socket)&bitmap=b0"))
            let source = NBDSource(id: "d", address: address, group: group)
            #expect(try source.open().size == .mebibytes(16))
            #expect(source.tellsChanges)
            #expect(
                try Self.stretches(source, size: 16 << 20, changesOnly: true) == [
                    SourceStretch(end: 4 << 20, content: .unchanged),
                    SourceStretch(end: 4 << 20 | 128 << 10, content: .data),
                    SourceStretch(end: 16 << 20, content: .unchanged),
                ])
            #expect(
                try Self.stretches(source, size: 16 << 20, changesOnly: false) == [
                    SourceStretch(end: 16 << 20, content: .data)
                ])
            #expect(try Self.bytes(source, at: [0, 4 << 20]) == [1, 2])
            // The server takes one client at a time.
            source.close()
            let missing = try #require(NBDAddress("nbd+unix:///?socket=\(socket)&bitmap=b1"))
            #expect(throws: ProcessServerError.self) {
                try NBDSource(id: "d", address: missing, group: group).open()
            }
        }
        try await group.shutdownGracefully()
    }

    @Test func `a server that is not there is a sentence`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let address = try #require(NBDAddress("nbd+unix:///?socket=/nonexistent/socket"))
        #expect(throws: ProcessServerError.self) { try NBDSource(id: "d", address: address, group: group).open() }
        try await group.shutdownGracefully()
    }
}
