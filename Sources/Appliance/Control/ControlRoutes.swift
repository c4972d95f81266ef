// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Hummingbird
import Logging
import MetricsEndpoint
import NIOCore
import StateFiles

/// The control interface as routes: a request in, one call on the core, its answer or its failure out.
struct ControlRoutes: Sendable {
    let core: ApplianceCore
    let metrics: MetricsSource
    let logger: Logger

    func router() -> Router<ControlContext> {
        let router = Router(context: ControlContext.self)
        router.get("\(ControlPath.status)") { _, _ in await answer { await core.report() } }
        router.get("\(ControlPath.groups)") { _, _ in await answer { GroupList(groups: core.groups.reports()) } }
        router.get("\(ControlPath.groups)/:name") { _, context in
            await answer { try core.groups.group(named: name(context)).report() }
        }
        router.get("\(ControlPath.groups)/:name/points") { _, context in
            await answer { try await core.groups.group(named: name(context)).points() }
        }
        router.get("\(ControlPath.jobs)") { _, _ in await answer { JobList(jobs: core.jobs.list()) } }
        router.get("\(ControlPath.jobs)/:id") { _, context in
            await answer {
                let id = context.parameters.get("id") ?? ""
                guard let job = core.jobs.job(id) else {
                    throw ControlFailure(.notFound, "There is no job \(id).", remedy: "mtctl jobs lists them.")
                }
                return job
            }
        }
        router.get("\(ControlPath.previews)") { _, _ in
            await answer { PreviewList(previews: core.previews.reports()) }
        }
        router.get("\(ControlPath.disks)") { _, _ in await answer { try await core.diskList() } }
        router.get("\(ControlPath.multipath)") { _, _ in await answer { try await core.multipath() } }
        router.get("\(ControlPath.health)") { _, _ in await answer { try await core.health() } }
        router.get("\(ControlPath.retention)") { _, _ in await answer { await core.retentionReport() } }
        router.get("\(ControlPath.metrics)") { _, _ in await metrics.response() }
        addChanges(to: router)
        return router
    }

    private func addChanges(to router: Router<ControlContext>) {
        router.post("\(ControlPath.groups)") { request, context in
            await change("group create", request, context) { (body: CreateGroupRequest) in
                try await core.groups.create(body, defaults: core.configuration.groupDefaults)
            }
        }
        router.post("\(ControlPath.groups)/:name/delete") { request, context in
            await change("group delete", request, context) { (body: DeleteGroupRequest) in
                try await core.groups.delete(named: name(context), discardHistory: body.discardHistory)
            }
        }
        onGroup(router, .bind) { (group, body: BindDiskRequest) in try await group.bind(body) }
        onGroup(router, .unbind) { (group, body: UnbindDiskRequest) in try await group.unbind(body) }
        onGroup(router, .pause) { (group, _: Nothing) in try await group.pause() }
        onGroup(router, .resume) { (group, _: Nothing) in try await group.resume() }
        onGroup(router, .bookmark) { (group, body: BookmarkRequest) in try await group.bookmark(body) }
        onGroup(router, .resolve) { (group, body: ResolveRequest) in try await group.resolve(body.point) }
        onGroup(router, .recover) { (group, body: RecoverRequest) in try await group.recover(body) }
        onGroup(router, .rollback) { (group, body: RollbackRequest) in try await group.rollback(body) }
        onGroup(router, .commit) { (group, body: CommitRequest) in try await group.commit(body) }
        onGroup(router, .verify) { (group, _: Nothing) in try await group.verify(.verify) }
        onGroup(router, .nbdEnable) { (group, _: Nothing) in try await group.enableNBD() }
        onGroup(router, .nbdDisable) { (group, _: Nothing) in try await group.disableNBD() }
        onGroup(router, .nbdInStep) { (group, _: Nothing) in try await group.declareInStep() }
        router.post("\(ControlPath.previews)") { request, context in
            await change("preview start", request, context) { (body: StartPreviewRequest) in
                try await core.startPreview(body)
            }
        }
        router.post("\(ControlPath.previews)/:id/stop") { request, context in
            await change("preview stop", request, context) { (_: Nothing) in
                try await core.previews.stop(context.parameters.get("id") ?? "")
            }
        }
        router.post("\(ControlPath.disksAccept)") { request, context in
            await change("disks accept", request, context) { (body: DiskRequest) in
                try await core.acceptDisk(body.identity)
            }
        }
        router.post("\(ControlPath.disksForget)") { request, context in
            await change("disks forget", request, context) { (body: DiskRequest) in
                try await core.forgetDisk(body.identity)
            }
        }
        router.post("\(ControlPath.retentionScrub)") { request, context in
            await change("retention scrub", request, context) { (body: RetentionRequest) in
                try await core.scrub(group: body.group)
            }
        }
        router.post("\(ControlPath.retentionRebuild)") { request, context in
            await change("retention rebuild", request, context) { (body: RetentionRequest) in
                try await core.rebuild(group: body.group, acceptLoss: body.acceptLoss ?? false)
            }
        }
    }

    private func onGroup<Body: Decodable & SendableMetatype, Answer: Encodable & SendableMetatype>(
        _ router: Router<ControlContext>, _ operation: GroupOperation,
        _ work: @escaping @Sendable (ProtectedGroup, Body) async throws -> Answer
    ) {
        router.post("\(ControlPath.groups)/:name/\(operation.rawValue)") { request, context in
            await change("\(operation.rawValue) \(name(context))", request, context) { (body: Body) in
                try await work(try core.groups.group(named: name(context)), body)
            }
        }
    }

    private func name(_ context: ControlContext) -> String { context.parameters.get("name") ?? "" }

    /// A changing operation: logged with the user it comes from, before and after.
    private func change<Body: Decodable, Answer: Encodable>(
        _ operation: String, _ request: Request, _ context: ControlContext, _ work: (Body) async throws -> Answer
    ) async -> Response {
        let peer = await PeerCredentials.of(context.channel)
        var logger = logger
        logger[metadataKey: "operation"] = "\(operation)"
        logger[metadataKey: "uid"] = peer.map { "\($0.user)" } ?? "unknown"
        logger[metadataKey: "pid"] = peer.map { "\($0.process)" } ?? "unknown"
        logger.info("An operation was asked for.")
        return await answer {
            do {
                let answer = try await work(try await decode(request))
                logger.info("The operation was accepted.")
                return answer
            } catch {
                logger.notice("The operation was refused.", metadata: ["reason": "\(ControlFailure.from(error))"])
                throw error
            }
        }
    }

    private func decode<Body: Decodable>(_ request: Request) async throws -> Body {
        var request = request
        let buffer: ByteBuffer
        do {
            buffer = try await request.collectBody(upTo: ControlPath.maximumRequestBytes)
        } catch {
            throw ControlFailure(
                .invalidRequest, "The request has more than \(ControlPath.maximumRequestBytes) bytes, or ended early.",
                remedy: "Send less.")
        }
        if let nothing = Nothing() as? Body { return nothing }
        do {
            return try JSON.decode(Body.self, from: Array(buffer.readableBytesView))
        } catch {
            throw ControlFailure(
                .invalidRequest, "The request cannot be read (\(error)).",
                remedy: "Use mtctl and mastertargetd of one version.")
        }
    }

    private func answer<Answer: Encodable>(_ work: () async throws -> Answer) async -> Response {
        do {
            return try response(try await work(), status: .ok)
        } catch {
            let failure = ControlFailure.from(error)
            // A failure is three strings, and those can always be encoded.
            let fallback = Response(status: .internalServerError)
            return (try? response(failure, status: .init(code: failure.httpStatus))) ?? fallback
        }
    }

    private func response(_ value: some Encodable, status: HTTPResponse.Status) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSON.encode(value))))
    }
}

/// The body of a request that has none.
private struct Nothing: Decodable, Sendable {}
