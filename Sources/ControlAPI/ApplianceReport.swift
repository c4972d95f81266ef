// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What `mtctl status` shows.
public struct ApplianceReport: Hashable, Sendable, Codable {
    /// The version of the daemon.
    public var version: String
    /// When the daemon started.
    public var started: DateTime
    /// When this was written.
    public var now: DateTime
    /// The path of the state folder.
    public var stateFolder: String
    /// The listener for process servers.
    public var replication: ListenerReport
    /// The listener for NBD clients; nil where it is not enabled.
    public var nbd: ListenerReport?
    /// The listener for metrics; nil where it is not enabled.
    public var metrics: ListenerReport?
    /// The retention volume.
    public var retention: VolumeReport
    /// What the data path of the whole daemon may hold in memory.
    public var memoryCeilingBytes: ByteCount
    /// Every group, by name.
    public var groups: [GroupReport]
    /// Jobs that are queued or running.
    public var runningJobs: [JobReport]
    /// What the last look at everything found; nil until there was one.
    public var health: HealthSummary?
    /// How it stands with the configuration server; nil while it is registered with none.
    public var registration: RegistrationReport?

    /// A report.
    public init(
        version: String, started: DateTime, now: DateTime, stateFolder: String, replication: ListenerReport,
        retention: VolumeReport, memoryCeilingBytes: ByteCount, groups: [GroupReport], runningJobs: [JobReport],
        health: HealthSummary? = nil
    ) {
        self.version = version
        self.started = started
        self.now = now
        self.stateFolder = stateFolder
        self.replication = replication
        self.retention = retention
        self.memoryCeilingBytes = memoryCeilingBytes
        self.groups = groups
        self.runningJobs = runningJobs
        self.health = health
    }
}

/// A listener: for process servers, for NBD clients, for metrics.
public struct ListenerReport: Hashable, Sendable, Codable {
    /// The address it listens on.
    public var address: String
    /// The TCP port it listens on.
    public var port: Int
    /// Whether it takes connections.
    public var isListening: Bool
    /// Why it does not, as a sentence.
    public var problem: String?

    /// A report.
    public init(address: String, port: Int, isListening: Bool, problem: String? = nil) {
        self.address = address
        self.port = port
        self.isListening = isListening
        self.problem = problem
    }
}
