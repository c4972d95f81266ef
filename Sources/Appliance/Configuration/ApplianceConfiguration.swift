// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HealthChecks
import MetricsEndpoint
import StoragePrimitives

/// What an appliance is told from outside: the configuration file, the environment, the command line.
///
/// Every path can be set, so that a whole appliance runs in a folder of its own.
public struct ApplianceConfiguration: Hashable, Sendable {
    /// Where process servers connect to.
    public var address = "0.0.0.0"
    /// The TCP port; 0 takes a free one.
    public var port = 9443
    /// PEM files: this host's certificate with its chain, its key, and the authorities whose process servers may come.
    public var certificatePath: String
    /// PEM: the key of this host's certificate.
    public var keyPath: String
    /// PEM: the authorities whose process servers may come.
    public var authorityPath: String

    /// Whether NBD clients may connect over the network. They need a certificate of the authority, as process servers do.
    public var isNBDEnabled = false
    /// Where NBD clients connect to.
    public var nbdAddress = "0.0.0.0"
    /// The TCP port for NBD clients; 0 takes a free one. 10809 is the protocol's own (IANA).
    public var nbdPort = 10809

    /// The retention volume: an absolute path, one folder a group.
    public var retentionPath = "/mnt/retention"
    /// Where records of groups and jobs are kept: an absolute path.
    public var statePath = "/var/lib/master-target"

    /// Where the registration with a configuration server is kept. Not the folder of a local authority, whose certificate
    /// has the same name.
    package var registrationPath: String { Self.registrationPath(statePath) }

    static func registrationPath(_ statePath: String) -> String { "\(statePath)/registration" }

    /// The control socket: an absolute path of at most 107 bytes.
    public var socketPath = ControlPath.defaultSocket
    /// The group that may use the control socket.
    public var socketGroup = "mastertarget"

    /// Where metrics are served besides the control socket.
    public var metrics = MetricsSettings(port: 9446)

    /// What the data path of the whole daemon may hold in memory.
    public var memoryCeiling = ByteCount.mebibytes(256)

    /// What a new group promises unless it is told otherwise.
    public var groupDefaults = GroupPolicy()

    /// What `mtctl health` does not count, with the reason: ids of checks, and names of programs and filesystems.
    public var healthWaivers: [String: String] = [:]

    /// Where the configuration file is unless the command line says otherwise.
    public static let defaultPath = "/etc/master-target/master-target.yaml"

    /// The defaults, with certificates below the state folder.
    public init(statePath: String = "/var/lib/master-target") {
        self.statePath = statePath
        certificatePath = "\(statePath)/pki/server.pem"
        keyPath = "\(statePath)/pki/server.key"
        authorityPath = "\(statePath)/pki/authority.pem"
    }

    /// The smallest ceiling: half of it is one session's least credit, which is more than the longest open batch.
    static let smallestCeiling = ByteCount.mebibytes(64)

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if !(0...65535).contains(port) { return "replication.port is \(port); a port is 0 to 65535." }
        if !(0...65535).contains(nbdPort) { return "nbd.port is \(nbdPort); a port is 0 to 65535." }
        if let complaint = metrics.complaint { return complaint }
        if memoryCeiling < Self.smallestCeiling {
            return "memory.ceiling is \(memoryCeiling); the data path needs at least \(Self.smallestCeiling)."
        }
        for (key, path) in [
            ("retention.path", retentionPath), ("state.path", statePath), ("control.socket", socketPath),
            ("replication.certificate", certificatePath), ("replication.key", keyPath),
            ("replication.authority", authorityPath),
        ] where !path.hasPrefix("/") {
            return "\(key) is \"\(path)\"; it must be an absolute path."
        }
        // man 7 unix: sun_path has 108 bytes, the last of them zero.
        if socketPath.utf8.count > 107 { return "control.socket has more than 107 bytes: \(socketPath)." }
        let waivable = Set(HealthCheck.catalogue.map(\.id)).union(SoftwareRequirement.all.map(\.name))
        if let name = healthWaivers.keys.sorted().first(where: { !waivable.contains($0) }) {
            return "health.waived names \(name), which is neither a check (mtctl health lists them) nor a program or "
                + "filesystem of os.packages."
        }
        return groupDefaults.complaint.map { "groups.defaults: \($0)" }
    }
}
