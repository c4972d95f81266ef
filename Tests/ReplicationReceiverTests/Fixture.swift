// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Logging
import NIOCore
import NIOPosix
import ReplicationProtocol
import ReplicationReceiver
import RetentionStore
import ServiceLifecycle
import StoragePrimitives
import Testing

/// A listener on loopback with its authority and one group.
struct Fixture {
    static let disks = [
        Frame.Hello.Disk(number: DiskNumber(1), sourceID: "wwn-1", sectorCount: 1 << 14, logicalBlockSize: 512),
        Frame.Hello.Disk(number: DiskNumber(7), sourceID: "wwn-7", sectorCount: 1 << 14, logicalBlockSize: 4096),
    ]

    let authority: TestAuthority
    let sender: TestAuthority.Identity
    let group: MemoryGroup
    let listener: ReplicationListener
    let port: Int

    /// Runs a listener around `body`, and shuts it down gracefully.
    static func run(
        _ group: MemoryGroup = MemoryGroup(), settings: ReceiverSettings = Fixture.settings { _ in },
        _ body: (Fixture) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let listener = try ReplicationListener(
            settings: settings, trust: authority.trust(authority.identity(role: "master-target", host: "mt-1")),
            directory: MemoryDirectory(group), pool: BufferPool(retaining: .mebibytes(8)),
            eventLoops: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await listener.bind()
        let services = ServiceGroup(
            services: [listener], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let fixture = Fixture(
            authority: authority, sender: try authority.identity(role: "process-server", host: "ps-1"), group: group,
            listener: listener, port: port)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await services.run() }
            try await body(fixture)
            await services.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Settings for loopback, and what a test changes of them.
    static func settings(_ change: (inout ReceiverSettings) -> Void) -> ReceiverSettings {
        var settings = ReceiverSettings()
        settings.address = "127.0.0.1"
        settings.port = 0
        settings.lingerTime = .milliseconds(200)
        // Many tests run at once: one may wait long for its turn, and that is no silence of its peer.
        settings.handshakeTimeout = .seconds(120)
        settings.idleTimeout = .seconds(360)
        change(&settings)
        return settings
    }

    func connect(_ identity: TestAuthority.Identity? = nil) async throws -> TestSender {
        try await TestSender(port: port, identity: identity ?? sender, authority: authority)
    }

    static func hello(
        host: String = "ps-1", group: String = "erp", token: UInt64 = 5, disks: [Frame.Hello.Disk] = Fixture.disks
    ) throws -> Frame {
        .hello(try Frame.Hello(host: host, group: group, fencingToken: token, disks: disks))
    }

    /// A sender whose session is open.
    func welcomed(token: UInt64 = 5) async throws -> TestSender {
        let sender = try await connect()
        try await sender.send(Fixture.hello(token: token))
        guard case .welcome = await sender.nextAnswer() else {
            Issue.record("no Welcome")
            return sender
        }
        return sender
    }

    static func data(_ sectors: Int, _ byte: UInt8 = 0x5a) -> ByteBuffer {
        ByteBuffer(repeating: byte, count: sectors * 512)
    }

    static func write(_ disk: UInt16, _ sector: UInt64, _ data: ByteBuffer) -> Frame.Write {
        Frame.Write(
            disk: DiskNumber(disk), sector: sector, sectorCount: UInt32(data.readableBytes / 512),
            checksum: Checksum(of: data.readableBytesSpan))
    }

    static func begin(_ sequence: UInt64) -> Frame {
        .batchBegin(
            Frame.BatchBegin(sequence: sequence, firstTime: Timestamp(nanoseconds: 100), accuracy: .exact))
    }

    static func end(_ sequence: UInt64, extents: UInt64, bytes: UInt64) -> Frame {
        .batchEnd(
            Frame.BatchEnd(
                sequence: sequence, lastTime: Timestamp(nanoseconds: 200), extentCount: extents, dataBytes: bytes))
    }
}
