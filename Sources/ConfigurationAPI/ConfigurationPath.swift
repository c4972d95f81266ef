// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The addresses of the configuration server: HTTP/1.1 with JSON bodies over TLS, one port.
///
/// The version is part of each path. Within a version fields are only added, and those that are not known are ignored.
public enum ConfigurationPath {
    /// The version that all paths begin with.
    public static let version = "v1"
    /// The port unless the configuration says otherwise.
    public static let defaultPort = 443

    /// The most a request body may have, except a heartbeat: requests are a few names and a certificate request.
    public static let maximumRequestBytes = 64 << 10
    /// The most a heartbeat may have: a group with 64 disks takes about 16 KiB.
    public static let maximumHeartbeatBytes = 2 << 20
    /// The most a client reads of an answer.
    public static let maximumAnswerBytes = 64 << 20

    /// POST, no certificate: ``EnrolmentChallenge``.
    public static let challenge = "/v1/enrolment/challenge"
    /// POST ``EnrolmentRequest``, no certificate: ``EnrolmentAnswer``.
    public static let enrolment = "/v1/enrolment"
    /// POST ``RenewalRequest``, certificate of a server: ``RenewalAnswer``.
    public static let renewal = "/v1/renewal"
    /// GET, any certificate: ``RevocationList``.
    public static let revocations = "/v1/revocations"
    /// POST ``HeartbeatRequest``, certificate of a server: ``HeartbeatAnswer``.
    public static let heartbeat = "/v1/heartbeat"
    /// GET, certificate of an operator: ``ServerList``.
    public static let servers = "/v1/servers"

    /// GET, certificate of an operator: ``ServerReport``.
    public static func server(_ hostID: String) -> String { "\(servers)/\(hostID)" }
    /// POST ``RevokeRequest``, certificate of an operator: ``ServerReport``.
    public static func revoke(_ hostID: String) -> String { "\(servers)/\(hostID)/revoke" }
}
