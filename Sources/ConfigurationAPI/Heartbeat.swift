// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

/// What a master target has room for.
public struct CapacityReport: Hashable, Sendable, Codable {
    /// The retention volume.
    public var retention: VolumeReport
    /// What its data path may hold in memory.
    public var memoryCeilingBytes: ByteCount

    /// A report.
    public init(retention: VolumeReport, memoryCeilingBytes: ByteCount) {
        self.retention = retention
        self.memoryCeilingBytes = memoryCeilingBytes
    }
}

/// What a server says every ``HeartbeatAnswer/nextSeconds``.
public struct HeartbeatRequest: Hashable, Sendable, Codable {
    /// What operators call it.
    public var hostName: String
    /// The version of its program.
    public var version: String
    /// The machine it runs on.
    public var machine: MachineFingerprint
    /// Its clock.
    public var sent: DateTime
    /// What its last look at everything found; nil until there was one.
    public var health: HealthSummary?
    /// What it has room for; nil for a server that keeps nothing.
    public var capacity: CapacityReport?
    /// Its groups, with the age of their newest durable change.
    public var groups: [GroupReport]
    /// The number of the revocation list that it has; 0 for none.
    public var revocations: UInt64
    /// Where a master target listens for process servers: `HOST:PORT`, in the order to try them. Nil for the address that
    /// it comes from and the usual port.
    public var replication: [String]?

    /// A heartbeat.
    public init(
        hostName: String, version: String, machine: MachineFingerprint, sent: DateTime, health: HealthSummary? = nil,
        capacity: CapacityReport? = nil, groups: [GroupReport] = [], revocations: UInt64 = 0,
        replication: [String]? = nil
    ) {
        self.hostName = hostName
        self.version = version
        self.machine = machine
        self.sent = sent
        self.health = health
        self.capacity = capacity
        self.groups = groups
        self.revocations = revocations
        self.replication = replication
    }

    /// The most groups that one server reports.
    public static let maximumGroups = 1024

    private static func areEndpoints(_ texts: [String]) -> Bool {
        (1...16).contains(texts.count)
            && texts.allSatisfy {
                (1...255).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            }
    }

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if !HostText.isHostName(hostName) { return "The host name must be 1 to 253 letters, digits, dots and hyphens." }
        if !HostText.isVersion(version) { return "The version must be 1 to 64 letters, digits and .+-~_." }
        if groups.count > Self.maximumGroups { return "There are more than \(Self.maximumGroups) groups." }
        if let replication, !Self.areEndpoints(replication) {
            return "The places where it listens must be 1 to 16, each of at most 255 printable ASCII characters."
        }
        return machine.complaint
    }
}

/// What a heartbeat is answered with.
public struct HeartbeatAnswer: Hashable, Sendable, Codable {
    /// The server's clock.
    public var now: DateTime
    /// Seconds until the next one is wanted.
    public var nextSeconds: UInt64
    /// Whether the certificate has passed two thirds of its lifetime.
    public var isRenewalDue: Bool
    /// The revocation list, when it is not the one that the sender has.
    public var revocations: RevocationList?
    /// The version of the server's program.
    public var version: String?

    /// An answer.
    public init(
        now: DateTime, nextSeconds: UInt64, isRenewalDue: Bool, revocations: RevocationList?, version: String? = nil
    ) {
        self.now = now
        self.nextSeconds = nextSeconds
        self.isRenewalDue = isRenewalDue
        self.revocations = revocations
        self.version = version
    }
}
