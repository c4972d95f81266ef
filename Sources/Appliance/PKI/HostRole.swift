// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a certificate lets its holder do; it stands in the subject as the organizational unit.
public enum HostRole: String, CaseIterable, Sendable, Codable {
    case masterTarget = "master-target"
    case processServer = "process-server"
    /// A hypervisor or a tool that reads and writes disks over NBD.
    case nbdClient = "nbd-client"
    case `operator` = "operator"
}
