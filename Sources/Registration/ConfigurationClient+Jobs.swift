// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI

/// What is to be told while a job is followed.
public enum JobSighting: Sendable {
    /// How far it is.
    case report(SiteJobReport)
    /// The configuration server does not answer; the job goes on with it, and it is asked again.
    case silence(ConfigurationFailure)
}

/// Jobs of a site; for operators.
extension ConfigurationClient {
    /// Begins an operation. It is sent to one server at most: what was perhaps begun is not begun again elsewhere.
    ///
    /// - Throws: ``ConfigurationFailure``; with `.timedOut` when the connection ended before there was an answer.
    public func begin(_ operation: SiteOperation, on group: String) async throws -> SiteJobReport {
        try await once(ConfigurationPath.operations(group), operation, lookWith: "mtctl site jobs --group \(group)")
    }

    /// Jobs, the newest first; of one group, or of all.
    public func jobs(of group: String? = nil) async throws -> SiteJobList {
        try await get(ConfigurationPath.jobs + (group.map { "?group=\($0)" } ?? ""))
    }

    /// One job.
    public func job(_ id: String) async throws -> SiteJobReport { try await get(ConfigurationPath.job(id)) }

    /// Ends a job, and undoes what it began.
    public func cancelJob(_ id: String) async throws -> SiteJobReport {
        try await once(ConfigurationPath.cancelJob(id), Nothing(), lookWith: "mtctl site job show \(id)")
    }

    /// Begins a job again that failed.
    public func retryJob(_ id: String) async throws -> SiteJobReport {
        try await once(ConfigurationPath.retryJob(id), Nothing(), lookWith: "mtctl site job show \(id)")
    }

    private func once(
        _ path: String, _ body: some Encodable, lookWith command: String
    ) async throws -> SiteJobReport {
        try await connected { connection, endpoint in
            do {
                return try await connection.post(path, body)
            } catch let failure as ConfigurationFailure {
                throw failure
            } catch let error as CancellationError {
                throw error
            } catch {
                throw ConfigurationFailure(
                    .timedOut, "The connection to \(endpoint) ended before it answered (\(error)): it may have begun.",
                    remedy: "Look: \(command).")
            }
        }
    }

    /// Looks at a job until it has ended, over one connection for as long as that lasts, and over others after it.
    ///
    /// - Parameters:
    ///   - pause: Between two looks; throws to end it.
    ///   - see: Told what is so each time.
    /// - Returns: How it ended.
    /// - Throws: What the server refuses with, and what `pause` and `see` throw.
    public func follow(
        job id: String, pause: () async throws -> Void, see: (JobSighting) throws -> Void
    ) async throws -> SiteJobReport {
        while true {
            do {
                return try await connected { connection, _ in
                    while true {
                        let report: SiteJobReport = try await connection.get(ConfigurationPath.job(id))
                        try see(.report(report))
                        if report.state.isFinal { return report }
                        try await pause()
                    }
                }
            } catch let failure as ConfigurationFailure where failure.code == .unavailable {
                try Task.checkCancellation()
                try see(.silence(failure))
                try await pause()
            }
        }
    }
}
