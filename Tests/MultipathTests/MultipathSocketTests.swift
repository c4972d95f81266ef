// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import LinuxSystem
import Multipath
import StoragePrimitives
import Testing

/// A peer on a real socket that answers one request with bytes of the test's choice, in pieces.
private final class Peer {
    let address: String
    private let thread = DiskThread(name: "peer")
    private let listener: Int32
    private let path: String?

    /// - Parameter isAbstract: Whether it listens on a name or on a path.
    init(isAbstract: Bool, answer pieces: [[UInt8]], expecting request: [UInt8]) throws {
        let number = UInt64.random(in: .min ... .max)
        path = isAbstract ? nil : "/tmp/master-target-peer-\(number)"
        address = path ?? "@master-target-peer-\(number)"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(address.utf8)
        if isAbstract { bytes[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1))
        let bound = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listener, $0, length) }
        }
        guard bound == 0, listen(listener, 4) == 0 else {
            throw DeviceError(.inputOutput, operation: "bind", object: address, errorNumber: errno)
        }
        let listening = listener
        thread.run {
            let connection = accept(listening, nil, nil)
            var got = [UInt8](repeating: 0, count: request.count)
            let count = unsafe got.withUnsafeMutableBytes {
                unsafe recv(connection, $0.baseAddress, $0.count, Int32(MSG_WAITALL))
            }
            if count == request.count, got == request {
                for piece in pieces {
                    _ = unsafe piece.withUnsafeBytes {
                        unsafe send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                }
            }
            close(connection)
        }
    }

    deinit {
        close(listener)
        if let path { _ = unsafe unlink(path) }
    }
}

@Suite struct MultipathSocketTests {
    static let request = SocketMessage.request("show maps json")

    private static func reply(_ pieces: [[UInt8]], isAbstract: Bool = true) throws -> [UInt8] {
        let peer = try Peer(isAbstract: isAbstract, answer: pieces, expecting: request)
        let socket = MultipathSocket(addresses: ["@master-target-nobody", peer.address])
        return try withExtendedLifetime(peer) { try socket.reply(to: .showMaps) }
    }

    private static func code(_ pieces: [[UInt8]]) throws -> MultipathError.Code? {
        let error = #expect(throws: MultipathError.self) { try reply(pieces) }
        return error?.code
    }

    @Test func `a request is its length and its text with a null`() {
        #expect(Array(Self.request.prefix(8)) == [15, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(Self.request.dropFirst(8)) == Array("show maps json".utf8) + [0])
    }

    @Test(arguments: [true, false])
    func `a reply is had from a name and from a path, whole or byte by byte`(isAbstract: Bool) throws {
        let message = SocketMessage.request(RecordedReplies.mapsUp)
        #expect(try Self.reply([message], isAbstract: isAbstract) == Array(RecordedReplies.mapsUp.utf8))
        let bytes = message.map { [$0] }
        #expect(try Self.reply(bytes, isAbstract: isAbstract) == Array(RecordedReplies.mapsUp.utf8))
    }

    @Test func `a reply that is announced too large is refused before it is read`() throws {
        #expect(try Self.code([[0, 0, 0, 0, 0, 0, 0, 1]]) == .replyTooLarge)
        #expect(try Self.code([[255, 255, 255, 255, 255, 255, 255, 255]]) == .replyTooLarge)
    }

    @Test func `a peer that breaks off is named`() throws {
        #expect(try Self.code([]) == .disconnected)
        #expect(try Self.code([[1, 0]]) == .disconnected)
        #expect(try Self.code([[9, 0, 0, 0, 0, 0, 0, 0], [65]]) == .disconnected)
    }

    @Test func `a refusal on the socket is named`() throws {
        #expect(try Self.code([SocketMessage.request("fail\n")]) == .refused)
        #expect(try Self.code([SocketMessage.request("permission deny: need to be root\n")]) == .permissionDenied)
    }

    @Test func `nobody listening is named with what to do`() {
        let socket = MultipathSocket(addresses: ["@master-target-nobody", "/nowhere/multipathd.socket"])
        let error = #expect(throws: MultipathError.self) { try socket.state() }
        #expect(error?.code == .notRunning)
        #expect(error?.description.contains("systemctl enable --now multipathd") == true)
    }

    @Test func `a peer that says nothing ends with the deadline`() throws {
        /// A clock that runs a second further with every look, so that nobody waits.
        final class ImpatientClock: SteadyClock {
            private let inner = MapWatcherTests.TestClock()
            func nanoseconds() -> Int64 {
                inner.advance(1_000_000_000)
                return inner.nanoseconds()
            }
        }
        // It expects more than is sent, and so never answers.
        let peer = try Peer(isAbstract: true, answer: [], expecting: Self.request + [1])
        let socket = MultipathSocket(addresses: [peer.address], timeout: 3_000_000_000, clock: ImpatientClock())
        let error = #expect(throws: MultipathError.self) { try socket.reply(to: .showMaps) }
        #expect(error?.code == .timedOut)
        withExtendedLifetime(peer) {}
    }

    /// The real one, where it runs: with no disk of several paths too, the whole conversation is held.
    @Test(.enabled(if: (try? MultipathSocket().state()) != nil, "multipathd does not run here"))
    func `the real multipathd is understood`() throws {
        let socket = MultipathSocket()
        #expect(try socket.state().process > 0)
        let maps = try socket.maps()
        for map in maps {
            #expect(!map.wwid.isEmpty && !map.paths.isEmpty)
            #expect(map.paths.allSatisfy { $0.details != nil })
            print(MapHealth(map).sentence(map: map.name))
        }
        #expect(try socket.configuration().effective("find_multipaths") != nil)
    }
}
