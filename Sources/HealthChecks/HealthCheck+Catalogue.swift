// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    /// Every check, in the order in which reports show them. A new check is a line here and a file under `Checks`.
    public static let catalogue: [HealthCheck] = [
        .osPackages,
        .osLayout,
        .osTime,
        .osMemory,
        .osProcessors,
        .vmProduct,
        .vmIdentity,
        .disksEnableUUID,
        .disksUnique,
        .disksLedger,
        .disksGuard,
        .multipathDaemon,
        .multipathPaths,
        .multipathConfiguration,
        .retentionVolume,
        .retentionSpace,
        .retentionIntegrity,
        .serverReachable,
        .serverRegistered,
        .serverHeartbeat,
        .replicationListener,
        .replicationRPO,
        .replicationApply,
        .replicationPoints,
        .serviceVersion,
    ]
}
