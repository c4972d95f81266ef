// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Hummingbird
import StoragePrimitives

extension ConfigurationRoutes {
    /// What operators do with the site, and what its servers are told.
    func addSite(to router: Router<RequestOrigin>) {
        addObjects(to: router)
        addGroupOperations(to: router)
        addJobs(to: router)
        router.post("\(ConfigurationPath.exchange)") { request, origin in
            let peer = try await origin.peer(in: Self.servers, inventory: inventory, now: clock.now())
            let body: SiteExchange = try await decode(request, limit: ConfigurationPath.maximumExchangeBytes)
            // The answer comes before the connection counts as idle.
            let longest = Duration.seconds(Int64(max(2, settings.idleSeconds)) - 2)
            return try json(
                try await site.exchange(
                    body, of: peer.host, role: peer.role ?? .configurationServer, longest: longest))
        }
        let document = OpenAPIDocument.json
        router.get("\(ConfigurationPath.openAPI)") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: document)))
        }
    }

    private func addObjects(to router: Router<RequestOrigin>) {
        get(router, ConfigurationPath.policies) { _, _, _ in try await site.policies() }
        post(router, ConfigurationPath.policies) { (policy: SitePolicy, _, by) in
            try await site.save(policy, by: by)
            return policy
        }
        get(router, "\(ConfigurationPath.policies)/:name") { _, origin, _ in try await site.policy(name(origin)) }
        delete(router, "\(ConfigurationPath.policies)/:name") { origin, by in
            let policy = try await site.policy(name(origin))
            try await site.deletePolicy(policy.name, by: by)
            return policy
        }
        get(router, ConfigurationPath.machines) { _, _, _ in try await site.machines() }
        post(router, ConfigurationPath.machines) { (machine: SiteMachine, _, by) in
            try await site.save(machine, by: by)
            return machine
        }
        get(router, "\(ConfigurationPath.machines)/:name") { _, origin, _ in try await site.machine(name(origin)) }
        delete(router, "\(ConfigurationPath.machines)/:name") { origin, by in
            let machine = try await site.machine(name(origin))
            try await site.deleteMachine(machine.name, by: by)
            return machine
        }
        get(router, ConfigurationPath.groups) { _, _, _ in try await site.groups() }
        post(router, ConfigurationPath.groups) { (group: SiteGroup, _, by) in try await site.save(group, by: by) }
        get(router, "\(ConfigurationPath.groups)/:name") { _, origin, _ in try await site.group(name(origin)) }
        delete(router, "\(ConfigurationPath.groups)/:name") { origin, by in
            let group = try await site.group(name(origin))
            try await site.deleteGroup(group.group.name, by: by)
            return group
        }
    }

    private func addGroupOperations(to router: Router<RequestOrigin>) {
        get(router, "\(ConfigurationPath.groups)/:name/points") { _, origin, _ in
            try await site.points(of: name(origin))
        }
        post(router, "\(ConfigurationPath.groups)/:name/resolve") { (request: ResolveRequest, origin, _) in
            try await site.resolve(request.point, of: name(origin))
        }
        post(router, "\(ConfigurationPath.groups)/:name/check") { (operation: SiteOperation, origin, _) in
            try await site.check(operation, on: name(origin))
        }
        post(router, "\(ConfigurationPath.groups)/:name/operations") { (operation: SiteOperation, origin, by) in
            try await site.begin(operation, on: name(origin), by: by)
        }
    }

    private func addJobs(to router: Router<RequestOrigin>) {
        get(router, ConfigurationPath.jobs) { request, _, _ in
            let group = request.uri.queryParameters["group"].map(String.init)
            if let group, !CreateGroupRequest.isPermittedName(group) { throw ConfigurationFailure.none("group", group) }
            return try await site.jobs(of: group)
        }
        get(router, "\(ConfigurationPath.jobs)/:name") { _, origin, _ in try await site.job(id(origin)) }
        postNothing(router, "\(ConfigurationPath.jobs)/:name/cancel") { origin, by in
            try await site.cancelJob(id(origin), by: by)
        }
        postNothing(router, "\(ConfigurationPath.jobs)/:name/retry") { origin, by in
            try await site.retryJob(id(origin), by: by)
        }
    }

    // MARK: Operators' routes

    /// Who asks, when it is an operator.
    private func operatorName(_ origin: RequestOrigin) async throws -> String {
        try await origin.peer(in: Self.operators, inventory: inventory, now: clock.now()).host
    }

    private func get(
        _ router: Router<RequestOrigin>, _ path: String,
        _ work: @escaping @Sendable (Request, RequestOrigin, String) async throws -> some Encodable & Sendable
    ) {
        router.get(RouterPath(path)) { request, origin in
            try json(try await work(request, origin, try await operatorName(origin)))
        }
    }

    private func post<Body: Decodable & Sendable>(
        _ router: Router<RequestOrigin>, _ path: String,
        _ work: @escaping @Sendable (Body, RequestOrigin, String) async throws -> some Encodable & Sendable
    ) {
        router.post(RouterPath(path)) { request, origin in
            let name = try await operatorName(origin)
            return try json(
                try await work(
                    try await decode(request, limit: ConfigurationPath.maximumSiteRequestBytes), origin, name))
        }
    }

    private func postNothing(
        _ router: Router<RequestOrigin>, _ path: String,
        _ work: @escaping @Sendable (RequestOrigin, String) async throws -> some Encodable & Sendable
    ) {
        router.post(RouterPath(path)) { _, origin in try json(try await work(origin, try await operatorName(origin))) }
    }

    private func delete(
        _ router: Router<RequestOrigin>, _ path: String,
        _ work: @escaping @Sendable (RequestOrigin, String) async throws -> some Encodable & Sendable
    ) {
        router.delete(RouterPath(path)) { _, origin in try json(try await work(origin, try await operatorName(origin)))
        }
    }

    /// What is named in the path. What can be no name is the name of nothing.
    private func name(_ origin: RequestOrigin) throws -> String {
        let name = origin.parameters.get("name") ?? ""
        guard CreateGroupRequest.isPermittedName(name) else { throw ConfigurationFailure.none("object", name) }
        return name
    }

    private func id(_ origin: RequestOrigin) throws -> String {
        let id = origin.parameters.get("name") ?? ""
        guard HostText.isHostID(id) else { throw ConfigurationFailure.none("job", id) }
        return id
    }
}
