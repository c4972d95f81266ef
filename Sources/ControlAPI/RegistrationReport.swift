// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// How this server stands with its configuration server.
public struct RegistrationReport: Hashable, Sendable, Codable {
    /// Who it is there.
    public var hostID: String
    /// Addresses of the configuration server, in the order to try them.
    public var servers: [String]
    /// When it registered.
    public var registered: DateTime
    /// From when its certificate is valid.
    public var certificateBegins: DateTime
    /// When it expires.
    public var certificateExpires: DateTime
    /// When a heartbeat was answered last; nil until one was.
    public var lastAnswer: DateTime?
    /// How long that took, in milliseconds.
    public var roundTripMilliseconds: UInt64?
    /// How far this clock is ahead of the server's, in milliseconds.
    public var clockAheadMilliseconds: Int64?
    /// The version of the server's program; nil until it told.
    public var serverVersion: String?
    /// Why heartbeats are not answered, as a sentence; nil while they are.
    public var problem: String?
    /// Whether no address of it answers.
    public var isUnreachable: Bool
    /// Whether the certificate was taken back.
    public var isRevoked: Bool

    /// A registration of which nothing was heard yet.
    public init(
        hostID: String, servers: [String], registered: DateTime, certificateBegins: DateTime,
        certificateExpires: DateTime
    ) {
        self.hostID = hostID
        self.servers = servers
        self.registered = registered
        self.certificateBegins = certificateBegins
        self.certificateExpires = certificateExpires
        isUnreachable = false
        isRevoked = false
    }
}
