// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import Hummingbird
import HummingbirdTLS
import LinuxSystem
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import StateFiles
import StoragePrimitives
import Synchronization

/// A server with TLS that says what a test wants: answers that a configuration server does not give, because it is
/// another's, and progress at the pace of a test. What the configuration server itself says, others ask it.
final class ScriptedSite: Sendable {
    struct Asked: Hashable, Sendable {
        let call: String
        let body: String
    }

    private struct Answer {
        let status: Int
        let bytes: [UInt8]
    }

    private let answers = Mutex<[String: [Answer]]>([:])
    private let heard = Mutex<[Asked]>([])
    private let authority: CertificateSigner

    init() throws { authority = try CertificateSigner(newAuthority: "Test", days: 1, now: SystemClock().now()) }

    /// A server that an operator named alice asks with `mtctl`.
    static func with(_ work: @Sendable (ScriptedSite, SiteTerminal) async throws -> Void) async throws {
        let (folder, site) = (try TestFolder(), try ScriptedSite())
        try site.issueOperator("alice", into: "\(folder.path)/operator")
        try await site.serve { port in try await work(site, SiteTerminal(folder: folder, port: port)) }
    }

    /// What was asked, in order.
    var asked: [Asked] { heard.withLock { $0 } }

    /// Answers a call with these values, one after the other; the last one again and again.
    func on(_ call: String, _ values: any Encodable...) throws {
        let list = try values.map { value in
            Answer(status: (value as? ConfigurationFailure)?.httpStatus ?? 200, bytes: try JSON.encode(value))
        }
        answers.withLock { $0[call] = list }
    }

    /// Answers a call with this text.
    func on(_ call: String, status: Int = 200, text: String) {
        answers.withLock { $0[call] = [Answer(status: status, bytes: Array(text.utf8))] }
    }

    /// Writes what `mt-configuration-server operator issue` does.
    func issueOperator(
        _ name: String, into path: String, role: HostRole = .operator, issued: Timestamp = SystemClock().now()
    ) throws {
        let folder = try DirectoryFolder(path: path, create: true)
        let key = HostKey()
        let pem = try authority.sign(key, host: name, role: role, names: .none, days: 1, now: issued)
        try folder.replace("\(name).operator.pem", with: Array(pem.utf8))
        try folder.replace("\(name).operator.key", with: Array(key.pem.utf8))
        try folder.replace("authority.pem", with: Array(authority.certificatePEM.utf8))
    }

    /// Serves while the work is done.
    ///
    /// - Parameter port: 0 for a free one.
    func serve<Result: Sendable>(
        port: Int = 0, role: HostRole = .configurationServer, _ work: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let (ports, ready) = AsyncStream<Int>.makeStream()
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { [self] request, _ in try await answer(request) },
            server: try .tls(.http1(), tlsConfiguration: try tlsConfiguration(role)),
            configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: nil),
            onServerRunning: { channel in ready.yield(channel.localAddress?.port ?? 0) }, logger: .silent)
        let group = ServiceGroup(services: [application], logger: .silent)
        async let running: Void = group.run()
        var started = ports.makeAsyncIterator()
        let bound = await started.next() ?? 0
        do {
            let result = try await work(bound)
            await group.triggerGracefulShutdown()
            try await running
            return result
        } catch {
            await group.triggerGracefulShutdown()
            try await running
            throw error
        }
    }

    private func answer(_ request: Request) async throws -> Response {
        var request = request
        let call = "\(request.method.rawValue) \(request.uri.string)"
        let body = try await request.collectBody(upTo: 1 << 20)
        heard.withLock { $0.append(Asked(call: call, body: String(buffer: body))) }
        let next = answers.withLock { answers -> Answer? in
            guard let list = answers[call], let first = list.first else { return nil }
            if list.count > 1 { answers[call] = Array(list.dropFirst()) }
            return first
        }
        let failure = ConfigurationFailure(.notFound, "There is no answer to \(call).", remedy: "")
        let answer = try next ?? Answer(status: 404, bytes: JSON.encode(failure))
        return Response(
            status: .init(code: answer.status), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: answer.bytes)))
    }

    private func tlsConfiguration(_ role: HostRole) throws -> TLSConfiguration {
        let key = HostKey()
        let pem = try authority.sign(
            key, host: "site.example", role: role, names: AlternativeNames(names: ["site.example"], addresses: []),
            days: 1, now: SystemClock().now())
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.pem.utf8), format: .pem)))
        configuration.minimumTLSVersion = .tlsv13
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(try authority.certificatePEM.utf8)))
        configuration.certificateVerification = .noHostnameVerification
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
