// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a certificate lets its holder do; it stands in the subject as the organizational unit.
public enum HostRole: String, CaseIterable, Sendable, Codable {
    case masterTarget = "master-target"
    case processServer = "process-server"
    /// A hypervisor or a tool that reads and writes disks over NBD.
    case nbdClient = "nbd-client"
    case `operator` = "operator"
    /// What servers and operators connect to on 443.
    case configurationServer = "configuration-server"

    /// Whether others connect to it, so that its certificate has names and may stand at the server's end of TLS.
    public var isServer: Bool { self == .masterTarget || self == .configurationServer }
}
