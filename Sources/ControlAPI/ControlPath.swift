// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The addresses of the control interface: HTTP/1.1 with JSON bodies over a unix domain socket.
///
/// The version is part of each path. A change that an older `mtctl` would misread gets a new version; fields are only
/// ever added to one.
public enum ControlPath {
    /// The version that all paths begin with.
    public static let version = "v1"
    /// Where the control socket is unless the configuration says otherwise.
    public static let defaultSocket = "/run/master-target/control.sock"

    /// The most a request body may have: requests are a few names and numbers.
    public static let maximumRequestBytes = 64 << 10

    /// The most a client reads of an answer; the largest are lists of points.
    public static let maximumAnswerBytes = 16 << 20

    /// GET: ``ApplianceReport``.
    public static let status = "/v1/status"
    /// GET: ``GroupList``. POST: ``CreateGroupRequest``.
    public static let groups = "/v1/groups"
    /// GET: ``DiskList``.
    public static let disks = "/v1/disks"
    /// POST: ``DiskRequest``, to take a disk's new size for the right one.
    public static let disksAccept = "/v1/disks/accept"
    /// POST: ``DiskRequest``, to drop what is known of a disk that will not come back.
    public static let disksForget = "/v1/disks/forget"
    /// GET: ``MultipathReport``.
    public static let multipath = "/v1/multipath"
    /// GET: the health report, as `mtctl health --json` prints it.
    public static let health = "/v1/health"
    /// GET: ``JobList``.
    public static let jobs = "/v1/jobs"
    /// GET: ``PreviewList``. POST: ``StartPreviewRequest``.
    public static let previews = "/v1/previews"
    /// GET: ``RetentionReport``.
    public static let retention = "/v1/retention"
    /// POST: ``RetentionRequest``, to read and check history.
    public static let retentionScrub = "/v1/retention/scrub"
    /// POST: ``RetentionRequest``, to make damaged epoch files again.
    public static let retentionRebuild = "/v1/retention/rebuild"

    /// GET: metrics in Prometheus's text format. Without a version: what scrapes goes by the names in it.
    public static let metrics = "/metrics"

    /// The path of one group.
    public static func group(_ name: String) -> String { "\(groups)/\(name)" }
    /// The path of an operation on one group.
    public static func group(_ name: String, _ operation: GroupOperation) -> String {
        "\(groups)/\(name)/\(operation.rawValue)"
    }
    /// The path that ends a preview.
    public static func stopPreview(_ id: String) -> String { "\(previews)/\(id)/stop" }
    /// The path of one job.
    public static func job(_ id: String) -> String { "\(jobs)/\(id)" }
}

/// The last part of a path that acts on a group.
public enum GroupOperation: String, Sendable, CaseIterable {
    case bind, unbind, pause, resume, bookmark, points, resolve, recover, rollback, commit, verify, delete
    case nbdEnable = "nbd-enable"
    case nbdDisable = "nbd-disable"
    case nbdInStep = "nbd-in-step"
}
