// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import Glibc
import LinuxSystem
import Logging
import NBDProtocol
import NBDServer
import NIOCore
import NIOPosix
import NIOSSL
import RetentionSimulation
import StoragePrimitives
import Synchronization
import Testing

/// Exports by name, and who asked for them.
final class TestDirectory: NBDDirectory {
    private struct State {
        var exports: [String: NBDFinding] = [:]
        var peers: [NBDPeer] = []
        var banned: Set<String> = []
    }

    private let state = Mutex(State())

    subscript(name: String) -> NBDFinding? {
        get { state.withLock { $0.exports[name] } }
        set { state.withLock { $0.exports[name] = newValue } }
    }

    /// Hosts that may not go on.
    var banned: Set<String> {
        get { state.withLock { $0.banned } }
        set { state.withLock { $0.banned = newValue } }
    }

    func admits(_ peer: NBDPeer) -> Bool {
        if case .certified(_, let host, _) = peer { !banned.contains(host) } else { true }
    }

    /// Who has asked for anything, in order.
    var peers: [NBDPeer] { state.withLock { $0.peers } }

    func list(for peer: NBDPeer) -> [(name: String, description: String)] {
        state.withLock { state in
            state.peers.append(peer)
            return state.exports.keys.sorted().map { ($0, "disk \($0)") }
        }
    }

    func find(_ name: String, for peer: NBDPeer, then: @escaping @Sendable (NBDFinding) -> Void) {
        state.withLock { $0.peers.append(peer) }
        then(self[name] ?? .unknown("There is no export \(name)."))
    }
}

/// A listener with its threads and exports, in a folder of its own.
struct ServerFixture {
    let folder: TemporaryFolder
    /// Empty, unless the listener has one of a test's own.
    let directory = TestDirectory()
    let workers: NBDWorkers
    let authority: TestAuthority
    let listener: NBDListener
    private(set) var endpoint: NBDEndpoint

    /// Runs a listener around `body`: on a unix domain socket, or with TLS on loopback.
    static func run(
        isEncrypted: Bool = false, settings: NBDServerSettings = ServerFixture.settings { _ in },
        directory: (any NBDDirectory)? = nil, _ body: (ServerFixture) async throws -> Void
    ) async throws {
        let fixture = try await ServerFixture(isEncrypted: isEncrypted, settings, directory)
        do {
            try await body(fixture)
        } catch {
            await fixture.end()
            throw error
        }
        await fixture.end()
        #expect(fixture.workers.freeBytes == settings.totalWindow.int)
    }

    /// What a test changes of the settings.
    static func settings(_ change: (inout NBDServerSettings) -> Void) -> NBDServerSettings {
        var settings = NBDServerSettings()
        // Many tests run at once: one may wait long for its turn, and that is no silence of its client.
        settings.handshakeTimeout = .seconds(120)
        settings.stallTimeout = .seconds(120)
        settings.workers = 3
        change(&settings)
        return settings
    }

    private init(isEncrypted: Bool, _ settings: NBDServerSettings, _ other: (any NBDDirectory)?) async throws {
        folder = try TemporaryFolder()
        workers = NBDWorkers(settings)
        authority = try TestAuthority()
        endpoint = isEncrypted ? .tcp(host: "127.0.0.1", port: 0) : .unix(path: "\(folder.path)/socket")
        let identity = try authority.identity(roles: ["master-target"], host: "mt-1")
        listener = try NBDListener(
            endpoint, settings: settings, trust: isEncrypted ? authority.trust(identity) : nil,
            directory: other ?? directory, eventLoops: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        if let port = try await listener.start() { endpoint = .tcp(host: "127.0.0.1", port: port) }
    }

    private func end() async {
        await listener.close()
        let workers = workers
        await withCheckedContinuation { continuation in
            DiskThread(name: "end").run {
                workers.finish()
                continuation.resume()
            }
        }
    }

    /// A second listener in the same place.
    func another() async throws {
        let other = try NBDListener(
            endpoint, settings: NBDServerSettings(), trust: nil, directory: directory,
            eventLoops: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await other.start()
        await other.close()
    }

    func client() async throws -> TestClient { try await TestClient(endpoint) }

    /// A client of an export, ready for requests.
    func client(
        _ export: String, isStructured: Bool = true, contexts: [String] = []
    ) async throws -> TestClient {
        let client = try await client()
        try await client.go(export, isStructured: isStructured, contexts: contexts)
        return client
    }

    /// Serves a device under a name.
    func serve(_ device: any BlockDevice, as name: String = "disk", isWritable: Bool = false) {
        directory[name] = .export(
            DeviceExport(name: name, description: "", device: device, isWritable: isWritable, workers: workers))
    }

    /// An image with bytes at some places.
    func image(_ name: String = "image", bytes: Int, _ contents: [Int: [UInt8]] = [:]) throws -> DirectFile {
        let path = try folder.image(name, bytes: bytes)
        let file = try DirectFile(path: path, access: .readWrite)
        for (offset, data) in contents {
            try file.writeAll(data, at: offset)
        }
        try file.flush()
        return file
    }
}

extension BlockDevice {
    func writeAll(_ data: [UInt8], at offset: Int) throws {
        var buffer = AlignedBuffer(count: data.count)
        var span = buffer.mutableBytes
        unsafe span.replace(at: 0, with: data.span.bytes)
        try write(buffer.bytes, at: ByteOffset(UInt64(offset)))
    }

    func readAll(_ range: Range<Int>? = nil) throws -> [UInt8] {
        let range = range ?? 0..<size.int
        var buffer = AlignedBuffer(count: range.count)
        var span = buffer.mutableBytes
        try read(into: &span, at: ByteOffset(UInt64(range.lowerBound)))
        return buffer.withBytes(0..<range.count) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }
}

/// Bytes that differ from each other and from those of other seeds.
func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        unsafe withUnsafeBytes(of: generator.next()) { unsafe bytes.append(contentsOf: $0) }
    }
    return Array(bytes.prefix(count))
}

/// Looks until something holds, or a minute is over; whether it holds.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    for _ in 0..<12_000 {
        if try await condition() { return true }
        // Cancelled only with the test.
        try? await Task.sleep(for: .milliseconds(5))
    }
    return false
}

/// A folder on a real filesystem that goes with this object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/master-target-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else {
            throw DeviceError(.inputOutput, operation: "mkdtemp", object: "/tmp", errorNumber: errno)
        }
        path = unsafe String(cString: made)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        // What cannot be removed stays in /tmp: it harms no other test.
        for name in (try? DirectoryFolder(path: path).names()) ?? [] {
            if unsafe unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        }
        unsafe _ = rmdir(path)
    }

    /// An image file of so many bytes, all of it a hole.
    func image(_ name: String, bytes: Int) throws -> String {
        try DirectoryFolder(path: path).create(name).truncate(to: ByteCount(bytes))
        return "\(path)/\(name)"
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }
}
