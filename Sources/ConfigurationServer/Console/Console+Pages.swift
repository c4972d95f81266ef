// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Hummingbird
import StoragePrimitives

extension Console {
    /// What is only looked at.
    func addPages(to console: RouterGroup<RequestOrigin>) {
        console.get("console") { request, _ in
            try await page(request) { _, _ in try await overview() }
        }
        console.get("console/servers") { request, _ in
            try await page(request) { _, _ in
                (
                    ServersView(try await site.servers().servers, now: clock.now()),
                    PageFrame(title: "Servers", section: .servers)
                )
            }
        }
        console.get("console/servers/:host") { request, origin in
            try await page(request) { _, _ in
                let server = try await site.server(origin.name("host"))
                return (ServerView(server, now: clock.now()), PageFrame(title: server.hostName, section: .servers))
            }
        }
        console.get("console/groups/:group") { request, origin in
            try await page(request) { _, _ in
                let group = try await site.group(origin.name("group"))
                let points = group.placement == nil ? nil : await points(of: group.group.name)
                return (
                    GroupView(group, points: points, now: clock.now()),
                    PageFrame(title: group.group.name, section: .overview)
                )
            }
        }
        console.get("console/jobs") { request, _ in
            try await page(request) { _, query in
                let group = query["group"]
                return (
                    JobsView(try await site.jobs(of: group).jobs, of: group, now: clock.now()),
                    PageFrame(title: "Jobs", section: .jobs)
                )
            }
        }
        console.get("console/jobs/:job") { request, origin in
            try await page(request) { _, _ in
                let job = try await site.job(origin.name("job"))
                let view = JobView(job, now: clock.now())
                var frame = PageFrame(
                    title: "\(Words.operation(job.operation.kind)): \(job.group)", section: .jobs)
                frame.refreshAddress = view.isLive ? ConsolePath.job(job.id) + "?auto=1" : nil
                frame.refreshSeconds = 2
                frame.isReloaded = view.isLive
                return (view, frame)
            }
        }
        console.get("console/machines") { request, _ in
            try await page(request) { _, _ in
                (
                    MachinesView(try await site.machines().machines, groups: try await site.groups().groups),
                    PageFrame(title: "Machines", section: .machines)
                )
            }
        }
        console.get("console/policies") { request, _ in
            try await page(request) { _, _ in
                (
                    PoliciesView(try await site.policies().policies, groups: try await site.groups().groups),
                    PageFrame(title: "Policies", section: .policies)
                )
            }
        }
        console.get("console/policies/edit") { request, _ in
            try await page(request) { _, query in
                guard let name = query["name"] else {
                    return (PolicyView(nil), PageFrame(title: "New policy", section: .policies))
                }
                return (
                    PolicyView(try await site.policy(name), groups: try await groups(with: name)),
                    PageFrame(title: "Policy \(name)", section: .policies)
                )
            }
        }
    }

    /// Servers whose health is looked at for the overview; the others have pages of their own.
    private static let maximumLooks = 20

    private func overview() async throws -> (OverviewView, PageFrame) {
        let groups = try await site.groups().groups
        let servers = try await site.servers().servers
        let jobs = try await site.jobs(of: nil).jobs
        var health: [ServerReport] = []
        let unwell = servers.filter { $0.state == .online && ($0.health ?? "ok") != "ok" }
        for server in unwell.prefix(Self.maximumLooks) { health.append(try await site.server(server.hostID)) }
        let view = OverviewView(groups: groups, servers: servers, health: health, jobs: jobs, now: clock.now())
        var frame = PageFrame(title: "Overview", section: .overview)
        frame.refreshAddress = ConsolePath.root + "?auto=1"
        return (view, frame)
    }

    /// The groups that follow a policy.
    func groups(with policy: String) async throws -> [String] {
        try await site.groups().groups.filter { $0.policy.name == policy }.map(\.group.name)
    }

    /// What a group can be brought to; a master target that does not answer does not keep the page.
    func points(of group: String) async -> Result<PointList, ConfigurationFailure> {
        do {
            return .success(try await within(Self.patienceSeconds) { [site] in try await site.points(of: group) })
        } catch let failure as ConfigurationFailure {
            return .failure(failure)
        } catch {
            return .failure(
                ConfigurationFailure(.unavailable, "The recovery points are not known.", remedy: "Load the page again.")
            )
        }
    }
}

extension RequestOrigin {
    /// A part of the path. Names that need no encoding are the only ones there are.
    func name(_ part: String) -> String { parameters.get(part) ?? "" }
}
