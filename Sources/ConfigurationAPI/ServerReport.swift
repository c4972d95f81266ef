// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// Whether a server is heard of.
public enum ServerState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Enrolled, and no heartbeat yet.
    case awaited
    /// The last heartbeat is not older than three intervals.
    case online
    /// It is older than that.
    case lost
    /// Its certificates were taken back.
    case revoked
}

/// Another machine that came with a server's host id.
public struct CloneReport: Hashable, Sendable, Codable {
    /// The other machine.
    public var machine: MachineFingerprint
    /// The address that it came from.
    public var address: String
    /// When it came last.
    public var moment: DateTime

    /// A report.
    public init(machine: MachineFingerprint, address: String, moment: DateTime) {
        self.machine = machine
        self.address = address
        self.moment = moment
    }
}

/// A server, as the configuration server knows it.
public struct ServerReport: Hashable, Sendable, Codable {
    /// Its host id.
    public var hostID: String
    /// What it does.
    public var role: HostRole
    /// What operators call it.
    public var hostName: String
    /// The version of its program.
    public var version: String
    /// Whether it is heard of.
    public var state: ServerState
    /// When it was enrolled last.
    public var enrolled: DateTime
    /// The serial number of its newest certificate.
    public var serial: String
    /// When that expires.
    public var certificateExpires: DateTime
    /// The machine it was enrolled on.
    public var machine: MachineFingerprint
    /// The address it came from last.
    public var address: String
    /// When its last heartbeat came; nil until there was one.
    public var lastSeen: DateTime?
    /// The last heartbeat; nil until there was one, and in lists.
    public var heartbeat: HeartbeatRequest?
    /// The severity that its last heartbeat told of; nil until it did.
    public var health: String?
    /// Groups in its last heartbeat.
    public var groupCount: Int
    /// The oldest newest-durable-change of its groups in seconds; nil while none has one.
    public var worstRPOSeconds: UInt64?
    /// Another machine that came with its host id; nil where none did.
    public var clone: CloneReport?

    /// A report.
    public init(
        hostID: String, role: HostRole, hostName: String, version: String, state: ServerState, enrolled: DateTime,
        serial: String, certificateExpires: DateTime, machine: MachineFingerprint, address: String
    ) {
        self.hostID = hostID
        self.role = role
        self.hostName = hostName
        self.version = version
        self.state = state
        self.enrolled = enrolled
        self.serial = serial
        self.certificateExpires = certificateExpires
        self.machine = machine
        self.address = address
        groupCount = 0
    }
}

/// All servers, by name.
public struct ServerList: Hashable, Sendable, Codable {
    /// The servers.
    public var servers: [ServerReport]

    /// A list.
    public init(servers: [ServerReport]) { self.servers = servers }
}
