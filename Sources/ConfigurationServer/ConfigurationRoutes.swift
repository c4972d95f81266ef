// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Hummingbird
import Logging
import MetricsEndpoint
import NIOCore
import SQLStorage
import StoragePrimitives

/// The interface as routes: a request in, who may, one call, its answer or its failure out.
struct ConfigurationRoutes: Sendable {
    let desk: EnrolmentDesk
    let inventory: Inventory
    let board: HeartbeatBoard
    let site: SiteDesk
    let settings: ConfigurationServerSettings
    let clock: any WallClock
    let logger: Logger

    static let servers: Set<HostRole> = [.masterTarget, .processServer]
    static let operators: Set<HostRole> = [.operator]

    func router() -> Router<RequestOrigin> {
        let router = Router(context: RequestOrigin.self)
        router.middlewares.add(FailureAnswers(logger: logger))
        router.post("\(ConfigurationPath.challenge)") { _, origin in
            try json(desk.challenge(from: origin.address, now: clock.now()))
        }
        router.post("\(ConfigurationPath.enrolment)") { request, origin in
            let body: EnrolmentRequest = try await decode(request)
            let answer = try await desk.enrol(body, from: origin.address, now: clock.now())
            logger.notice(
                "A server was enrolled.",
                metadata: [
                    "host": "\(body.identity.hostID)", "role": "\(body.identity.role.rawValue)",
                    "address": "\(origin.address)",
                ])
            return try json(answer)
        }
        router.post("\(ConfigurationPath.renewal)") { request, origin in
            let now = clock.now()
            let peer = try await origin.peer(in: Self.servers, inventory: inventory, now: now)
            return try json(
                try await desk.renew(try await decode(request), of: peer, from: origin.address, now: now))
        }
        router.post("\(ConfigurationPath.heartbeat)") { request, origin in
            try json(try await heartbeat(request, origin))
        }
        router.get("\(ConfigurationPath.revocations)") { _, origin in
            let now = clock.now()
            _ = try await origin.peer(in: Self.servers.union(Self.operators), inventory: inventory, now: now)
            return try json(try await inventory.revocations(unless: nil, now: now))
        }
        addOperations(to: router)
        addSite(to: router)
        return router
    }

    private func addOperations(to router: Router<RequestOrigin>) {
        router.get("\(ConfigurationPath.servers)") { _, origin in
            let now = clock.now()
            _ = try await origin.peer(in: Self.operators, inventory: inventory, now: now)
            return try json(
                try await inventory.servers(board, heartbeatSeconds: settings.heartbeatSeconds, now: now))
        }
        router.get("\(ConfigurationPath.servers)/:host") { _, origin in
            let now = clock.now()
            _ = try await origin.peer(in: Self.operators, inventory: inventory, now: now)
            return try json(try await report(origin, now))
        }
        router.post("\(ConfigurationPath.servers)/:host/revoke") { request, origin in
            let now = clock.now()
            let peer = try await origin.peer(in: Self.operators, inventory: inventory, now: now)
            let body: RevokeRequest = try await decode(request)
            if let complaint = body.complaint { throw ConfigurationFailure.wrong(complaint) }
            let host = host(origin)
            try await inventory.revoke(host, reason: body.reason, now: now)
            logger.notice(
                "A server's certificates were taken back.",
                metadata: ["host": "\(host)", "operator": "\(peer.host)", "address": "\(origin.address)"])
            return try json(try await report(origin, now))
        }
    }

    /// Metrics, for operators. Without a version: what scrapes goes by the names in them.
    func addMetrics(_ metrics: MetricsSource, to router: Router<RequestOrigin>) {
        router.get("\(MetricsSettings.path)") { _, origin in
            _ = try await origin.peer(in: Self.operators, inventory: inventory, now: clock.now())
            return await metrics.response()
        }
    }

    private func heartbeat(_ request: Request, _ origin: RequestOrigin) async throws -> HeartbeatAnswer {
        let now = clock.now()
        let peer = try await origin.certificate(in: Self.servers, now: now)
        let bytes = try await collect(request, limit: ConfigurationPath.maximumHeartbeatBytes)
        let body = try JSON.decode(HeartbeatRequest.self, from: bytes)
        // It is written as it came, with those of others: what no database can store must not get that far.
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw ConfigurationFailure.wrong("The heartbeat is no text.")
        }
        if let complaint = body.complaint { throw ConfigurationFailure.wrong(complaint) }
        let revocations = try await inventory.heard(
            peer, on: body.machine, knowing: body.revocations, origin.address, now)
        board.take(body, text: text, of: peer.host, address: origin.address, now: now)
        return HeartbeatAnswer(
            now: DateTime(now), nextSeconds: settings.heartbeatSeconds, isRenewalDue: peer.renewalDue.timestamp <= now,
            revocations: revocations, version: ProductVersion.text)
    }

    private func report(_ origin: RequestOrigin, _ now: Timestamp) async throws -> ServerReport {
        try await inventory.report(host(origin), board, heartbeatSeconds: settings.heartbeatSeconds, now: now)
    }

    private func host(_ origin: RequestOrigin) -> String { origin.parameters.get("host") ?? "" }

    func decode<Body: Decodable>(
        _ request: Request, limit: Int = ConfigurationPath.maximumRequestBytes
    ) async throws -> Body {
        try JSON.decode(Body.self, from: try await collect(request, limit: limit))
    }

    /// A body, as far as it comes in time and is not too large.
    private func collect(_ request: Request, limit: Int) async throws -> [UInt8] {
        let seconds = settings.requestSeconds
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask {
                var request = request
                do {
                    return Array(try await request.collectBody(upTo: limit).readableBytesView)
                } catch {
                    throw ConfigurationFailure(
                        .tooLarge, "The request has more than \(limit) octets, or ended early.", remedy: "Send less.")
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw ConfigurationFailure(
                    .timedOut, "The request did not come within \(seconds) s.", remedy: "Send it at once.")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    func json(_ value: some Encodable) throws -> Response { try .json(value, status: .ok) }
}

extension Response {
    static func json(_ value: some Encodable, status: HTTPResponse.Status) throws -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSON.encode(value))))
    }
}

/// Whatever goes wrong is answered with a ``ConfigurationFailure``: a code, a sentence, a remedy. What is a defect here is
/// told to the log and not to whoever asked.
private struct FailureAnswers: RouterMiddleware {
    typealias Context = RequestOrigin
    let logger: Logger

    func handle(
        _ request: Request, context: RequestOrigin, next: (Request, RequestOrigin) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let failure = Self.failure(error, of: request)
            let level: Logger.Level = failure.code == .internalFailure ? .error : .notice
            logger.log(
                level: level, "A request was refused.",
                metadata: [
                    "path": "\(request.uri.path.prefix(200))", "address": "\(context.address)",
                    "code": "\(failure.code.rawValue)",
                    "reason": "\(error is ConfigurationFailure ? failure.message : "\(error)")",
                ])
            return try .json(failure, status: .init(code: failure.httpStatus))
        }
    }

    private static func failure(_ error: any Error, of request: Request) -> ConfigurationFailure {
        switch error {
        case let failure as ConfigurationFailure: return failure
        case let failure as SQLFailure: return ConfigurationFailure(failure)
        case let error as HTTPError where error.status == .notFound:
            let version = "/\(ConfigurationPath.version)/"
            if request.uri.path.hasPrefix("/v"), !request.uri.path.hasPrefix(version) {
                return ConfigurationFailure(
                    .unsupportedVersion, "This server speaks version \(ConfigurationPath.version) of the interface.",
                    remedy: "Install the same version on both.")
            }
            return ConfigurationFailure(
                .notFound, "There is nothing at this path with this method.", remedy: "Check the address.")
        default:
            return ConfigurationFailure(
                .internalFailure, "The server failed.",
                remedy: "Look at its journal: journalctl -u mt-configuration-server.")
        }
    }
}
