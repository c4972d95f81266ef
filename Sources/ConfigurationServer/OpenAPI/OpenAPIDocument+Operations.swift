// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

/// The document itself, as far as a client needs to know before it reads it.
struct OpenAPIHead: Decodable {
    var openapi: String
}

extension OpenAPIDocument {
    private static let servers: [HostRole] = [.masterTarget, .processServer]
    private static let operators: [HostRole] = [.operator]

    /// Every method on every path.
    static let operations: [Operation] = enrolment + site + groups + jobs

    private static let enrolment: [Operation] = [
        Operation(
            method: "post", path: ConfigurationPath.challenge, id: "challenge", summary: "Begins an enrolment.",
            roles: [],
            request: nil, answer: EnrolmentChallenge.self),
        Operation(
            method: "post", path: ConfigurationPath.enrolment, id: "enrol",
            summary: "Enrols a server with the passphrase.",
            roles: [], request: EnrolmentRequest.self, answer: EnrolmentAnswer.self),
        Operation(
            method: "post", path: ConfigurationPath.renewal, id: "renew",
            summary: "A new certificate with the old one.",
            roles: servers, request: RenewalRequest.self, answer: RenewalAnswer.self),
        Operation(
            method: "post", path: ConfigurationPath.heartbeat, id: "heartbeat", summary: "Tells how a server is.",
            roles: servers, request: HeartbeatRequest.self, answer: HeartbeatAnswer.self),
        Operation(
            method: "post", path: ConfigurationPath.exchange, id: "exchange",
            summary: "Reports on orders, and waits for others.", roles: servers, request: SiteExchange.self,
            answer: SiteOrders.self),
        Operation(
            method: "get", path: ConfigurationPath.revocations, id: "listRevocations",
            summary: "Certificates that were taken back.", roles: servers + operators, request: nil,
            answer: RevocationList.self),
        Operation(
            method: "get", path: ConfigurationPath.openAPI, id: "describe", summary: "This document.", roles: [],
            request: nil, answer: OpenAPIHead.self),
    ]

    private static func get(
        _ path: String, _ id: String, _ summary: String, _ answer: any (Decodable & SendableMetatype).Type,
        query: [String] = []
    ) -> Operation {
        Operation(
            method: "get", path: path, id: id, summary: summary, roles: operators, request: nil, answer: answer,
            query: query)
    }

    private static func post(
        _ path: String, _ id: String, _ summary: String, _ request: (any (Decodable & SendableMetatype).Type)?,
        _ answer: any (Decodable & SendableMetatype).Type
    ) -> Operation {
        Operation(
            method: "post", path: path, id: id, summary: summary, roles: operators, request: request, answer: answer)
    }

    private static func delete(
        _ path: String, _ id: String, _ summary: String, _ answer: any (Decodable & SendableMetatype).Type
    ) -> Operation {
        Operation(
            method: "delete", path: path, id: id, summary: summary, roles: operators, request: nil, answer: answer)
    }

    private static let site: [Operation] = [
        get(ConfigurationPath.servers, "listServers", "Every server, without its heartbeat.", ServerList.self),
        get(ConfigurationPath.server("{host}"), "getServer", "One server with its last heartbeat.", ServerReport.self),
        post(
            ConfigurationPath.revoke("{host}"), "revokeServer", "Takes a server's certificates back.",
            RevokeRequest.self,
            ServerReport.self),
        get(ConfigurationPath.policies, "listPolicies", "Every policy.", SitePolicyList.self),
        post(
            ConfigurationPath.policies, "savePolicy", "Makes or changes a policy.", SitePolicy.self, SitePolicy.self),
        get(ConfigurationPath.policy("{name}"), "getPolicy", "One policy.", SitePolicy.self),
        delete(
            ConfigurationPath.policy("{name}"), "deletePolicy", "Deletes a policy that no group has.", SitePolicy.self),
        get(ConfigurationPath.machines, "listMachines", "Every machine.", SiteMachineList.self),
        post(
            ConfigurationPath.machines, "saveMachine", "Makes or changes a machine.", SiteMachine.self, SiteMachine.self
        ),
        get(ConfigurationPath.machine("{name}"), "getMachine", "One machine.", SiteMachine.self),
        delete(
            ConfigurationPath.machine("{name}"), "deleteMachine", "Deletes a machine that is in no group.",
            SiteMachine.self),
    ]

    private static let groups: [Operation] = [
        get(ConfigurationPath.groups, "listGroups", "Every group.", SiteGroupList.self),
        post(ConfigurationPath.groups, "saveGroup", "Makes or changes a group.", SiteGroup.self, SiteGroupReport.self),
        get(ConfigurationPath.group("{name}"), "getGroup", "One group.", SiteGroupReport.self),
        delete(
            ConfigurationPath.group("{name}"), "deleteGroup", "Deletes a group that is not replicated.",
            SiteGroupReport.self),
        get(
            ConfigurationPath.points("{name}"), "listPoints",
            "What can be recovered to, asked of the master target now.",
            PointList.self),
        post(
            ConfigurationPath.resolve("{name}"), "resolvePoint",
            "Which point a reference means, and what it would lose.",
            ResolveRequest.self, ResolvedPoint.self),
        post(
            ConfigurationPath.check("{name}"), "checkOperation", "What stands against an operation; nothing is begun.",
            SiteOperation.self, SiteFindingList.self),
        post(
            ConfigurationPath.operations("{name}"), "beginOperation", "Begins an operation as a job.",
            SiteOperation.self, SiteJobReport.self),
    ]

    private static let jobs: [Operation] = [
        get(
            ConfigurationPath.jobs, "listJobs", "Jobs, the newest first; the 1000 newest.", SiteJobList.self,
            query: ["group"]),
        get(ConfigurationPath.job("{id}"), "getJob", "One job.", SiteJobReport.self),
        post(
            ConfigurationPath.cancelJob("{id}"), "cancelJob", "Ends a job, and undoes what was begun.", nil,
            SiteJobReport.self),
        post(
            ConfigurationPath.retryJob("{id}"), "retryJob", "Lets a failed job go on from the step that failed.", nil,
            SiteJobReport.self),
    ]
}
