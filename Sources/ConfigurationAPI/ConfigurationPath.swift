// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// The addresses of the configuration server: HTTP/1.1 with JSON bodies over TLS, one port.
///
/// The version is part of each path. Within a version fields are only added, and those that are not known are ignored.
public enum ConfigurationPath {
    /// The version that all paths begin with.
    public static let version = "v1"
    /// The port unless the configuration says otherwise.
    public static let defaultPort = 443

    /// The most a request body may have, except a heartbeat: requests are a few names and a certificate request.
    public static let maximumRequestBytes = 64 << 10
    /// The most a heartbeat may have: a group with 64 disks takes about 16 KiB.
    public static let maximumHeartbeatBytes = 2 << 20
    /// The most an exchange may have: a list of points may be in it.
    public static let maximumExchangeBytes = 4 << 20
    /// The most a policy, a machine, a group or an operation may have: a group of 64 machines with 256 disks.
    public static let maximumSiteRequestBytes = 1 << 20
    /// The most a client reads of an answer.
    public static let maximumAnswerBytes = 64 << 20

    /// POST, no certificate: ``EnrolmentChallenge``.
    public static let challenge = "/v1/enrolment/challenge"
    /// POST ``EnrolmentRequest``, no certificate: ``EnrolmentAnswer``.
    public static let enrolment = "/v1/enrolment"
    /// POST ``RenewalRequest``, certificate of a server: ``RenewalAnswer``.
    public static let renewal = "/v1/renewal"
    /// GET, any certificate: ``RevocationList``.
    public static let revocations = "/v1/revocations"
    /// POST ``HeartbeatRequest``, certificate of a server: ``HeartbeatAnswer``.
    public static let heartbeat = "/v1/heartbeat"
    /// GET, certificate of an operator: ``ServerList``.
    public static let servers = "/v1/servers"

    /// GET, certificate of an operator: ``ServerReport``.
    public static func server(_ hostID: String) -> String { "\(servers)/\(hostID)" }
    /// POST ``RevokeRequest``, certificate of an operator: ``ServerReport``.
    public static func revoke(_ hostID: String) -> String { "\(servers)/\(hostID)/revoke" }

    /// POST ``SiteExchange``, certificate of a server: ``SiteOrders``.
    public static let exchange = "/v1/exchange"

    // All of what follows: certificate of an operator.

    /// GET: ``SitePolicyList``. POST ``SitePolicy``, a new one or a changed one: the same.
    public static let policies = "/v1/policies"
    /// GET: ``SiteMachineList``. POST ``SiteMachine``, a new one or a changed one: the same.
    public static let machines = "/v1/machines"
    /// GET: ``SiteGroupList``. POST ``SiteGroup``: ``SiteGroupReport``.
    public static let groups = "/v1/groups"
    /// GET: ``SiteJobList``; `?group=NAME` for those of one group.
    public static let jobs = "/v1/jobs"
    /// POST: ``ConsoleCode``, for one login to the console.
    public static let consoleCodes = "/v1/console-codes"
    /// GET, no certificate: this interface as an OpenAPI document.
    public static let openAPI = "/v1/openapi.json"

    /// GET: ``SitePolicy``. DELETE: the same, of before.
    public static func policy(_ name: String) -> String { "\(policies)/\(name)" }
    /// GET: ``SiteMachine``. DELETE: the same, of before.
    public static func machine(_ name: String) -> String { "\(machines)/\(name)" }
    /// GET: ``SiteGroupReport``. DELETE: the same, of before.
    public static func group(_ name: String) -> String { "\(groups)/\(name)" }
    /// GET: `PointList`, fresh from the master target.
    public static func points(_ group: String) -> String { "\(groups)/\(group)/points" }
    /// POST `ResolveRequest`: `ResolvedPoint`, with what would be lost.
    public static func resolve(_ group: String) -> String { "\(groups)/\(group)/resolve" }
    /// POST ``SiteOperation``: ``SiteFindingList``; nothing is begun.
    public static func check(_ group: String) -> String { "\(groups)/\(group)/check" }
    /// POST ``SiteOperation``: ``SiteJobReport``.
    public static func operations(_ group: String) -> String { "\(groups)/\(group)/operations" }
    /// GET: ``SiteJobReport``.
    public static func job(_ id: String) -> String { "\(jobs)/\(id)" }
    /// POST: ``SiteJobReport``.
    public static func cancelJob(_ id: String) -> String { "\(jobs)/\(id)/cancel" }
    /// POST: ``SiteJobReport``.
    public static func retryJob(_ id: String) -> String { "\(jobs)/\(id)/retry" }
}

/// A code that lets an operator in to the console once.
public struct ConsoleCode: Hashable, Sendable, Codable {
    /// What to type.
    public var code: String
    /// When it ends.
    public var expires: DateTime
    /// The console's address, as the configuration server knows it.
    public var address: String

    /// A code.
    public init(code: String, expires: DateTime, address: String) {
        self.code = code
        self.expires = expires
        self.address = address
    }
}
