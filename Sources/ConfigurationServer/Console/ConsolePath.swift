// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI

/// The console's addresses. Names in them are encoded, whatever they are.
enum ConsolePath {
    static let root = "/console/"
    static let login = "/console/login"
    static let logout = "/console/logout"
    static let servers = "/console/servers"
    static let jobs = "/console/jobs"
    static let policies = "/console/policies"

    static func server(_ hostID: String) -> String { "\(servers)/\(AddressText.encoded(hostID))" }
    static func group(_ name: String) -> String { "/console/groups/\(AddressText.encoded(name))" }
    static func job(_ id: String) -> String { "\(jobs)/\(AddressText.encoded(id))" }
    static func jobs(of group: String) -> String { "\(jobs)?group=\(AddressText.encoded(group))" }
    static func policyEditor(_ name: String) -> String { "\(policies)/edit?name=\(AddressText.encoded(name))" }

    static func operation(_ kind: SiteOperation.Kind, on group: String) -> String {
        "\(Self.group(group))/\(kind.rawValue)"
    }

    static func login(next: String) -> String {
        next == root ? login : "\(login)?next=\(AddressText.encoded(next))"
    }

    /// An address of the console that somebody may be sent to: nothing that a browser takes for another site.
    static func isOwn(_ address: String) -> Bool {
        address.hasPrefix(root) && address.utf8.count <= 2048
            && address.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x5C }
    }
}
