// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The keys of the configuration file. In the environment, `replication.port` is `MASTER_TARGET_REPLICATION_PORT`; on
/// the command line, `--set replication.port=9443`.
public enum ConfigurationKey: String, CaseIterable, Sendable {
    case replicationAddress = "replication.address"
    case replicationPort = "replication.port"
    case replicationCertificate = "replication.certificate"
    case replicationKey = "replication.key"
    case replicationAuthority = "replication.authority"
    case nbdEnabled = "nbd.enabled"
    case nbdAddress = "nbd.address"
    case nbdPort = "nbd.port"
    case retentionPath = "retention.path"
    case statePath = "state.path"
    case controlSocket = "control.socket"
    case controlGroup = "control.group"
    case metricsEnabled = "metrics.enabled"
    case metricsAddress = "metrics.address"
    case metricsPort = "metrics.port"
    case memoryCeiling = "memory.ceiling"
    case rpoThreshold = "groups.defaults.rpoThreshold"
    case retentionWindow = "groups.defaults.retention"
    case applicationConsistentInterval = "groups.defaults.applicationConsistent"
    case healthWaived = "health.waived"
    case quota = "groups.defaults.quota"
}
