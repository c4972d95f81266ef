// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NBDServer
import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// A value that has to be there. `#require` cannot take an expression that changes something.
func need<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw TestClient.Malformed() }
    return value
}

/// A client that says whatever a test wants, over a real socket.
actor TestClient {
    /// The connection ended before all came that was waited for.
    struct Ended: Error {}
    /// What came is not what the protocol has.
    struct Malformed: Error {}

    /// The final answer to a request, with all that came before it.
    struct Answer: Equatable {
        var error: NBDReplyError?
        var message = ""
        /// The data of a read, holes filled in.
        var data: [UInt8] = []
        /// Bytes that were told as holes.
        var holeBytes = 0
        /// Chunks, the last included.
        var chunks = 0
        /// Extents by context number.
        var extents: [UInt32: [NBDExtent]] = [:]
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let pieces: AsyncStream<ByteBuffer>.Continuation

        init(_ pieces: AsyncStream<ByteBuffer>.Continuation) { self.pieces = pieces }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { pieces.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { pieces.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    nonisolated let channel: any Channel
    private let inbox: AsyncStream<ByteBuffer>
    private var bytes = ByteBuffer()
    private var reads: [UInt64: (offset: UInt64, length: Int)] = [:]
    private var parts: [UInt64: Answer] = [:]
    private var answers: [UInt64: Answer] = [:]
    private(set) var size: UInt64 = 0
    private(set) var flags: NBDTransmissionFlags = []

    init(_ endpoint: NBDEndpoint) async throws {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
        inbox = stream
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(continuation))
                }
            }
        switch endpoint {
        case .unix(let path): channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
        case .tcp(let host, let port): channel = try await bootstrap.connect(host: host, port: port).get()
        }
    }

    // MARK: Bytes

    /// A server that has had enough may have closed: what it said is what a test looks at.
    func send(_ bytes: ByteBuffer) async { try? await channel.writeAndFlush(bytes) }

    /// Does not wait until the server has taken them.
    nonisolated func push(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    func take(_ count: Int) async throws -> ByteBuffer {
        var iterator = inbox.makeAsyncIterator()
        while bytes.readableBytes < count {
            guard var piece = await iterator.next() else { throw Ended() }
            bytes.writeBuffer(&piece)
            if bytes.readerIndex > 1 << 20 { bytes.discardReadBytes() }
        }
        return try need(bytes.readSlice(length: count))
    }

    func integer<T: FixedWidthInteger>(_: T.Type = T.self) async throws -> T {
        var bytes = try await take(MemoryLayout<T>.size)
        return try need(bytes.readInteger(as: T.self))
    }

    /// Waits for the end of the connection, whatever comes before it.
    func ended() async {
        var iterator = inbox.makeAsyncIterator()
        while await iterator.next() != nil {}
    }

    func close() async { try? await channel.close() }

    // MARK: Handshake

    func greet(flags: UInt32 = 3) async throws {
        #expect(try await integer(UInt64.self) == NBDMagic.greeting)
        #expect(try await integer(UInt64.self) == NBDMagic.option)
        #expect(try await integer(UInt16.self) == 3)
        await send(ByteBuffer(integer: flags))
    }

    static func option(_ code: UInt32, _ data: ByteBuffer = ByteBuffer()) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(NBDMagic.option)
        bytes.writeInteger(code)
        bytes.writeInteger(UInt32(data.readableBytes))
        bytes.writeImmutableBuffer(data)
        return bytes
    }

    /// u32 length and name · u16 number of information requests, none.
    static func question(_ export: String) -> ByteBuffer {
        var data = string(export)
        data.writeInteger(0, as: UInt16.self)
        return data
    }

    static func string(_ string: String) -> ByteBuffer {
        var bytes = ByteBuffer(integer: UInt32(string.utf8.count))
        bytes.writeString(string)
        return bytes
    }

    /// The replies to an option, up to the one that ends them.
    func optionReplies(_ option: UInt32) async throws -> [(kind: UInt32, data: ByteBuffer)] {
        var replies: [(UInt32, ByteBuffer)] = []
        while true {
            #expect(try await integer(UInt64.self) == NBDMagic.optionReply)
            #expect(try await integer(UInt32.self) == option)
            let kind = try await integer(UInt32.self)
            let length = try await integer(UInt32.self)
            replies.append((kind, try await take(Int(length))))
            if kind == 1 || kind >= 1 << 31 { return replies }
        }
    }

    func ask(_ option: UInt32, _ data: ByteBuffer = ByteBuffer()) async throws -> [(kind: UInt32, data: ByteBuffer)] {
        await send(Self.option(option, data))
        return try await optionReplies(option)
    }

    /// NBD_OPT_STARTTLS, and TLS. The server's answer to a bad certificate comes later.
    func startTLS(_ tls: NIOSSLContext) async throws {
        #expect(try await ask(5).map(\.kind) == [1])
        try await channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.addHandler(
                NIOSSLClientHandler(context: tls, serverHostname: nil), position: .first)
        }.get()
    }

    /// All of the handshake; the numbers of the contexts that were granted.
    @discardableResult
    func go(
        _ export: String, isStructured: Bool = true, contexts: [String] = [], tls: NIOSSLContext? = nil
    ) async throws -> [String: UInt32] {
        try await greet()
        if let tls { try await startTLS(tls) }
        if isStructured { #expect(try await ask(8).map(\.kind) == [1]) }
        var numbers: [String: UInt32] = [:]
        if !contexts.isEmpty {
            var data = Self.string(export)
            data.writeInteger(UInt32(contexts.count))
            for context in contexts { data.writeImmutableBuffer(Self.string(context)) }
            for var reply in try await ask(10, data) where reply.kind == 4 {
                let number = try need(reply.data.readInteger(as: UInt32.self))
                numbers[String(buffer: reply.data)] = number
            }
        }
        let replies = try await ask(7, Self.question(export))
        #expect(replies.last?.kind == 1)
        for var reply in replies where reply.kind == 3 {
            guard reply.data.readInteger(as: UInt16.self) == 0 else { continue }
            size = try need(reply.data.readInteger(as: UInt64.self))
            flags = NBDTransmissionFlags(rawValue: try need(reply.data.readInteger(as: UInt16.self)))
        }
        return numbers
    }

    // MARK: Transmission

    static func request(
        _ command: NBDCommand, _ cookie: UInt64, offset: UInt64 = 0, length: UInt32 = 0, flags: NBDCommandFlags = []
    ) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(NBDMagic.request)
        bytes.writeInteger(flags.rawValue)
        bytes.writeInteger(command.rawValue)
        bytes.writeInteger(cookie)
        bytes.writeInteger(offset)
        bytes.writeInteger(length)
        return bytes
    }

    static func write(
        _ cookie: UInt64, offset: UInt64, _ data: [UInt8], flags: NBDCommandFlags = []
    ) -> ByteBuffer {
        var bytes = request(.write, cookie, offset: offset, length: UInt32(data.count), flags: flags)
        bytes.writeBytes(data)
        return bytes
    }

    /// A request whose answer is waited for later.
    func begin(
        _ command: NBDCommand, _ cookie: UInt64, offset: UInt64 = 0, length: UInt32 = 0, flags: NBDCommandFlags = []
    ) async {
        if command == .read { reads[cookie] = (offset, Int(length)) }
        await send(Self.request(command, cookie, offset: offset, length: length, flags: flags))
    }

    func call(
        _ command: NBDCommand, _ cookie: UInt64, offset: UInt64 = 0, length: UInt32 = 0, flags: NBDCommandFlags = []
    ) async throws -> Answer {
        await begin(command, cookie, offset: offset, length: length, flags: flags)
        return try await answer(cookie)
    }

    func write(
        _ cookie: UInt64, offset: UInt64, _ data: [UInt8], flags: NBDCommandFlags = []
    ) async throws -> Answer {
        await send(Self.write(cookie, offset: offset, data, flags: flags))
        return try await answer(cookie)
    }

    func read(_ offset: UInt64, _ length: Int, cookie: UInt64 = 1 << 60) async throws -> [UInt8] {
        let answer = try await call(.read, cookie, offset: offset, length: UInt32(length))
        #expect(answer.error == nil, "\(answer.message)")
        return answer.data
    }

    /// The answer to a request, whichever come before it.
    func answer(_ cookie: UInt64) async throws -> Answer {
        while true {
            if let answer = answers.removeValue(forKey: cookie) { return answer }
            try await receive()
        }
    }

    /// A simple reply, or a chunk of a structured one.
    private func receive() async throws {
        let magic = try await integer(UInt32.self)
        if magic == NBDMagic.simpleReply {
            let error = try await integer(UInt32.self)
            let cookie = try await integer(UInt64.self)
            var answer = Answer(error: error == 0 ? nil : try need(NBDReplyError(rawValue: error)), chunks: 1)
            if error == 0, let read = reads[cookie] {
                answer.data = Array(buffer: try await take(read.length))
            }
            end(cookie, answer)
            return
        }
        #expect(magic == NBDMagic.structuredReply)
        let flags = try await integer(UInt16.self)
        let type = try await integer(UInt16.self)
        let cookie = try await integer(UInt64.self)
        var body = try await take(Int(try await integer(UInt32.self)))
        var answer = parts[cookie] ?? Answer(data: [UInt8](repeating: 0xDB, count: reads[cookie]?.length ?? 0))
        answer.chunks += 1
        switch type {
        case 0: break
        case 1:
            let place = try place(of: &body, cookie)
            let count = body.readableBytes
            answer.data.replaceSubrange(place..<place + count, with: body.readableBytesView)
        case 2:
            let place = try place(of: &body, cookie)
            let count = Int(try need(body.readInteger(as: UInt32.self)))
            answer.data.replaceSubrange(place..<place + count, with: repeatElement(0, count: count))
            answer.holeBytes += count
        case 5:
            let context = try need(body.readInteger(as: UInt32.self))
            while let length = body.readInteger(as: UInt32.self), let state = body.readInteger(as: UInt32.self) {
                answer.extents[context, default: []].append(
                    NBDExtent(length: length, flags: NBDExtentFlags(rawValue: state)))
            }
        default:
            #expect(type == 0x8001)
            answer.error = try need(NBDReplyError(rawValue: try need(body.readInteger())))
            answer.message = String(buffer: try need(body.readLengthPrefixedSlice(as: UInt16.self)))
        }
        if flags & 1 == 1 { end(cookie, answer) } else { parts[cookie] = answer }
    }

    private func place(of body: inout ByteBuffer, _ cookie: UInt64) throws -> Int {
        let offset = try need(body.readInteger(as: UInt64.self))
        return Int(offset - (try need(reads[cookie]).offset))
    }

    private func end(_ cookie: UInt64, _ answer: Answer) {
        parts[cookie] = nil
        reads[cookie] = nil
        answers[cookie] = answer
    }
}
