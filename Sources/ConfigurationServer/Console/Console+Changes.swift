// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Hummingbird
import StoragePrimitives

extension Console {
    /// What changes something, and the forms before it.
    func addChanges(to console: RouterGroup<RequestOrigin>) {
        for kind in SiteOperation.Kind.allCases {
            let path = "console/groups/:group/\(kind.rawValue)"
            if kind == .commit {
                console.get("\(path)") { request, origin in try await confirmation(of: kind, request, origin) }
            } else {
                console.get("\(path)") { request, origin in try await form(of: kind, request, origin) }
                console.get("\(path)/confirm") { request, origin in try await confirmation(of: kind, request, origin) }
            }
            console.post("\(path)") { request, origin in try await begin(kind, request, origin) }
        }
        console.post("console/jobs/:job/cancel") { request, origin in
            try await change(request) { session, _ in
                .seeOther(ConsolePath.job(try await site.cancelJob(origin.name("job"), by: session.name).id))
            }
        }
        console.post("console/jobs/:job/retry") { request, origin in
            try await change(request) { session, _ in
                .seeOther(ConsolePath.job(try await site.retryJob(origin.name("job"), by: session.name).id))
            }
        }
        console.post("console/policies") { request, _ in try await savePolicy(request) }
    }

    private func form(
        of kind: SiteOperation.Kind, _ request: Request, _ origin: RequestOrigin
    ) async throws -> Response {
        try await page(request) { _, query in
            let group = try await site.group(origin.name("group"))
            let name = group.group.name
            let points = kind == .failover ? await points(of: name) : nil
            var machines: [SiteMachine] = []
            let servers = kind == .reprotect ? try await site.servers().servers : []
            if kind == .reprotect {
                for machine in group.group.machines { machines.append(try await site.machine(machine)) }
            }
            let view = OperationView(
                kind, on: group, fields: query, servers: servers, machines: machines, points: points, now: clock.now())
            return (view, PageFrame(title: "\(Words.operation(kind)): \(name)", section: .overview))
        }
    }

    private func confirmation(
        of kind: SiteOperation.Kind, _ request: Request, _ origin: RequestOrigin
    ) async throws -> Response {
        try await page(request) { _, query in
            let operation = try OperationForm.operation(kind, from: query)
            return try await confirmation(of: operation, on: origin.name("group"))
        }
    }

    private func confirmation(
        of operation: SiteOperation, on name: String, refusal: ConfigurationFailure? = nil
    ) async throws -> (ConfirmView, PageFrame) {
        let group = try await site.group(name)
        var findings = try await site.check(operation, on: name)
        var resolved: ResolvedPoint?
        if let point = operation.failover?.point {
            do {
                resolved = try await within(Self.patienceSeconds) { [site] in try await site.resolve(point, of: name) }
            } catch let failure as ConfigurationFailure {
                // A page that cannot say what would be lost offers nothing to begin.
                findings.findings.insert(
                    SiteFinding(rule: "point", severity: .refusal, message: failure.message, remedy: failure.remedy),
                    at: 0)
            }
        }
        let view = ConfirmView(
            operation, on: group, findings: findings, resolved: resolved, refusal: refusal, now: clock.now())
        return (view, PageFrame(title: "\(Words.operation(operation.kind)): \(name)", section: .overview))
    }

    private func begin(
        _ kind: SiteOperation.Kind, _ request: Request, _ origin: RequestOrigin
    ) async throws -> Response {
        try await change(request) { session, fields in
            let name = origin.name("group")
            let operation = try OperationForm.operation(kind, from: fields)
            do {
                if kind == .commit, fields["confirmation"] != name {
                    throw ConfigurationFailure(
                        .invalidRequest, "What you typed is not the name of the group.", remedy: "Type \(name).")
                }
                let job = try await site.begin(operation, on: name, by: session.name)
                return .seeOther(ConsolePath.job(job.id))
            } catch let failure as ConfigurationFailure
                where ![.notFound, .internalFailure].contains(failure.code)
            {
                let (view, frame) = try await confirmation(of: operation, on: name, refusal: failure)
                return .page(show(view, in: frame, for: session), status: .init(code: failure.httpStatus))
            }
        }
    }

    private func savePolicy(_ request: Request) async throws -> Response {
        try await change(request) { session, fields in
            let known = try await site.policies().policies.first { $0.name == fields["name"] }
            let isNew = fields.isTicked("isNew")
            do {
                let policy = try PolicyView.policy(from: fields)
                if isNew, known != nil {
                    throw ConfigurationFailure(
                        .conflict, "There is a policy \(policy.name) already.",
                        remedy: "Choose another name, or edit it.")
                }
                try await site.save(policy, by: session.name)
                return .seeOther(ConsolePath.policies)
            } catch let failure as ConfigurationFailure where [.conflict, .invalidRequest].contains(failure.code) {
                let view = PolicyView(isNew ? nil : known, typed: fields, refusal: failure)
                let title = isNew ? "New policy" : "Policy \(fields["name"] ?? "")"
                return .page(
                    show(view, in: PageFrame(title: title, section: .policies), for: session),
                    status: .init(code: failure.httpStatus))
            }
        }
    }
}
