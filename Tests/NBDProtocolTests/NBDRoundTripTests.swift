// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

/// The client's machines and the server's, against each other.
@Suite struct NBDRoundTripTests {
    /// Both sides of a handshake until the client is done.
    private func shakeHands(
        _ client: inout NBDClientHandshake, pieces: Int
    ) throws(NBDError) -> (export: NBDExport, terms: NBDSessionTerms)? {
        var server = ServerConversation(flags: nil)
        var fromServer = ByteBuffer()
        for _ in 0..<100 {
            fromServer.writeImmutableBuffer(server.takeSent())
            switch try client.received(&fromServer) {
            case .send(let bytes): server.receive(bytes, pieces: pieces)
            case .finished(let export):
                guard case .finished(let terms) = server.end else { return nil }
                return (export, terms)
            case .wait: return nil
            }
        }
        return nil
    }

    @Test(arguments: [1, 5, Int.max])
    func `the client gets the export that the server offers`(pieces: Int) throws {
        var client = NBDClientHandshake(
            exportName: "disk", contexts: ["base:allocation", "x:nothing"], requiredContexts: ["mastertarget:changed:b"]
        )
        let (export, terms) = try #require(try shakeHands(&client, pieces: pieces))
        let offer = ServerConversation.disk
        #expect(
            export
                == NBDExport(
                    name: "disk", size: offer.size, flags: offer.flags, minimumBlockSize: offer.minimumBlockSize,
                    maximumBlockSize: offer.maximumBlockSize, hasStructuredReplies: true,
                    contexts: ["base:allocation": 1, "mastertarget:changed:b": 2]))
        #expect(terms.contexts.map(\.name) == ["base:allocation", "mastertarget:changed:b"])
        #expect(terms.offer == offer)
    }

    @Test(arguments: [
        ("disk", ["mastertarget:changed:c"], NBDError.Code.unknownContext), ("none", [], .unknownExport),
        ("locked", [], .optionRefused), ("none", ["base:allocation"], .unknownExport),
    ])
    func `the client understands each refusal`(name: String, required: [String], code: NBDError.Code) {
        var client = NBDClientHandshake(exportName: name, contexts: [], requiredContexts: required)
        var thrown: NBDError?
        do { _ = try shakeHands(&client, pieces: .max) } catch { thrown = error }
        #expect(thrown?.code == code)
    }

    @Test func `a server with TLS turns the client away by name`() throws {
        var client = NBDClientHandshake(exportName: "disk", contexts: [])
        var server = ServerConversation(.required, flags: nil)
        var fromServer = server.takeSent()
        guard case .send(let bytes) = try client.received(&fromServer) else {
            Issue.record("no flags")
            return
        }
        server.receive(bytes)
        fromServer = server.takeSent()
        var thrown: NBDError?
        do { _ = try client.received(&fromServer) } catch { thrown = error }
        #expect(thrown?.code == .encryptionRequired)
    }

    private static func sides(structured: Bool) -> (NBDExport, NBDSessionTerms) {
        let terms = NBDServerTransmissionTests.terms(structured: structured)
        let export = NBDExport(
            name: "disk", size: terms.offer.size, flags: terms.offer.flags, minimumBlockSize: 512,
            maximumBlockSize: 1 << 20, hasStructuredReplies: structured,
            contexts: structured ? ["base:allocation": 1] : [:])
        return (export, terms)
    }

    /// The one element that these bytes tell the server.
    private func element(
        _ server: inout NBDServerTransmission, _ bytes: ByteBuffer
    ) throws(NBDError) -> NBDServerTransmission.Element? {
        let elements = try NBDServerTransmissionTests.play(&server, bytes)
        return elements.count == 1 ? elements[0] : nil
    }

    @Test func `a structured read of data and a hole`() throws {
        let (export, terms) = Self.sides(structured: true)
        var client = NBDTransmission(export: export)
        var server = NBDServerTransmission(terms: terms)
        let (cookie, bytes) = client.read(offset: 4096, length: 1024)
        let request = try element(&server, bytes)
        #expect(request == .request(NBDRequest(command: .read, flags: [], cookie: cookie, offset: 4096, length: 1024)))
        let data = ByteBuffer(repeating: 9, count: 512)
        let replies = server.replies
        let reply = replies.dataHeader(cookie: cookie, offset: 4096, count: 512, isLast: false).followed(by: data)
            .followed(by: replies.hole(cookie: cookie, offset: 4608, count: 512, isLast: false))
            .followed(by: replies.acknowledgement(cookie: cookie))
        let events = try NBDTransmissionTests.play(&client, reply, pieces: 7)
        #expect(
            events == [
                .data(cookie: cookie, offset: 4096, bytes: data), .zeroes(cookie: cookie, offset: 4608, count: 512),
                .finished(cookie: cookie),
            ])
    }

    @Test func `a simple read, and one that fails`() throws {
        let (export, terms) = Self.sides(structured: false)
        var client = NBDTransmission(export: export)
        var server = NBDServerTransmission(terms: terms)
        let (first, firstBytes) = client.read(offset: 0, length: 512)
        let (second, secondBytes) = client.read(offset: 512, length: 512)
        _ = try element(&server, firstBytes)
        _ = try element(&server, secondBytes)
        let data = ByteBuffer(repeating: 9, count: 512)
        let replies = server.replies
        let reply = replies.dataHeader(cookie: first, offset: 0, count: 512, isLast: true).followed(by: data)
            .followed(by: replies.failure(cookie: second, .inputOutput, "bad"))
        let events = try NBDTransmissionTests.play(&client, reply)
        #expect(
            events == [
                .data(cookie: first, offset: 0, bytes: data), .finished(cookie: first),
                .failed(cookie: second, error: NBDError(.requestFailed, "the NBD server: input/output error")),
            ])
    }

    @Test func `block status, a refusal in words, and the farewell`() throws {
        let (export, terms) = Self.sides(structured: true)
        var client = NBDTransmission(export: export)
        var server = NBDServerTransmission(terms: terms)
        let (cookie, bytes) = client.status(offset: 0, length: 1 << 20)
        let request = try element(&server, bytes)
        #expect(
            request
                == .request(NBDRequest(command: .blockStatus, flags: [], cookie: cookie, offset: 0, length: 1 << 20)))
        let extents = [NBDExtent(length: 1 << 19, flags: []), NBDExtent(length: 1 << 19, flags: [.isHole, .isZero])]
        var events = try NBDTransmissionTests.play(
            &client, server.replies.status(cookie: cookie, context: 1, extents: extents, isLast: true))
        #expect(events == [.status(cookie: cookie, context: 1, extents: extents), .finished(cookie: cookie)])
        // The client was told that any alignment will do, and the server knows better.
        let (odd, oddBytes) = client.read(offset: 1, length: 512)
        guard case .refused(let refusal) = try element(&server, oddBytes) else {
            Issue.record("not refused")
            return
        }
        events = try NBDTransmissionTests.play(&client, refusal)
        let words = "the NBD server: invalid argument: read of 512 bytes at 1 is not aligned to 512 bytes"
        #expect(events == [.failed(cookie: odd, error: NBDError(.requestFailed, words))])
        let farewell = try element(&server, client.disconnect())
        #expect(farewell == .disconnect)
    }
}
