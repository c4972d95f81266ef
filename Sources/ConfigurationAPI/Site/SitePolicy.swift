// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// What groups promise, in both directions. The failback policy is made with the forward policy: one object has
/// both, so that neither exists without the other.
public struct SitePolicy: Hashable, Sendable, Codable {
    /// What operators call it; names are those of groups, see `CreateGroupRequest.isPermittedName`.
    public var name: String
    /// For replication towards the other site.
    public var forward: GroupPolicy
    /// For replication back.
    public var failback: GroupPolicy

    /// A policy with the defaults of R-08 in both directions.
    public init(name: String, forward: GroupPolicy = GroupPolicy(), failback: GroupPolicy = GroupPolicy()) {
        self.name = name
        self.forward = forward
        self.failback = failback
    }

    /// The policy that every site has from its first start.
    public static let defaultName = "default"

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if !CreateGroupRequest.isPermittedName(name) { return SiteName.complaint(name, of: "a policy") }
        return forward.complaint.map { "Forward: \($0)" } ?? failback.complaint.map { "Failback: \($0)" }
    }
}

/// All policies, by name.
public struct SitePolicyList: Hashable, Sendable, Codable {
    /// The policies.
    public var policies: [SitePolicy]

    /// A list.
    public init(policies: [SitePolicy]) { self.policies = policies }
}

/// Names of policies, machines and groups.
enum SiteName {
    /// A sentence about a name that is none.
    static func complaint(_ name: String, of what: String) -> String {
        "\"\(name.prefix(64))\" cannot be the name of \(what): 1 to 63 letters, digits, dots, hyphens and underscores, "
            + "beginning with a letter or a digit."
    }
}
