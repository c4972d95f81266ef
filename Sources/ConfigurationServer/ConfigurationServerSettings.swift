// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import MetricsEndpoint

/// What a configuration server is told from outside: the configuration file, the environment, the command line.
public struct ConfigurationServerSettings: Hashable, Sendable {
    /// Where servers and operators connect to.
    public var address = "0.0.0.0"
    /// The TCP port; 0 takes a free one.
    public var port = ConfigurationPath.defaultPort
    /// Where the authority and the inventory are: an absolute path.
    public var statePath = "/var/lib/master-target-configuration"
    /// Where the inventory is.
    public var database = InventoryDatabase.file
    /// Days that the certificate of a server is good.
    public var certificateDays = 90
    /// Seconds between two heartbeats of a server.
    public var heartbeatSeconds: UInt64 = 10
    /// The most connections at a time.
    public var maximumConnections = 4096
    /// Where metrics are served besides the port of operators.
    public var metrics = MetricsSettings(port: 9447)

    /// Seconds after which a connection that says nothing is closed; a heartbeat's stays open between two.
    var idleSeconds: UInt64 { heartbeatSeconds * 3 }

    /// Seconds that a request may take to come in, however it trickles.
    var requestSeconds: UInt64 { min(10, idleSeconds) }

    /// Where the configuration file is unless the command line says otherwise.
    public static let defaultPath = "/etc/master-target/configuration-server.yaml"

    /// The defaults.
    public init() {}

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if !(0...65535).contains(port) { return "https.port is \(port); a port is 0 to 65535." }
        if !statePath.hasPrefix("/") { return "state.path is \"\(statePath)\"; it must be an absolute path." }
        if !(1...825).contains(certificateDays) {
            return "certificates.days is \(certificateDays); it must be 1 to 825."
        }
        if !(1...300).contains(heartbeatSeconds) {
            return "heartbeat.seconds is \(heartbeatSeconds); it must be 1 to 300."
        }
        if !(16...65536).contains(maximumConnections) {
            return "https.connections is \(maximumConnections); it must be 16 to 65536."
        }
        return metrics.complaint
    }
}

/// The settings by name: in the file as nested keys, on the command line as `key=value`, in the environment in upper
/// case with underscores after `MASTER_TARGET_CONFIGURATION_`.
public enum ConfigurationServerKey: String, CaseIterable, Sendable {
    case address = "https.address"
    case port = "https.port"
    case connections = "https.connections"
    case statePath = "state.path"
    case database
    case certificateDays = "certificates.days"
    case heartbeatSeconds = "heartbeat.seconds"
    case metricsEnabled = "metrics.enabled"
    case metricsAddress = "metrics.address"
    case metricsPort = "metrics.port"

    var components: [String] { rawValue.split(separator: ".").map(String.init) }
}
