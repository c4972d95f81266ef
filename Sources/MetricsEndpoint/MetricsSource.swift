// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Hummingbird
import NIOCore
import PrometheusText

/// The metrics of a process, made when somebody asks: once for all who ask at the same time, and not more often than
/// once a second, so that asking cannot keep the process from its work.
public actor MetricsSource {
    private let collect: @Sendable () async -> [MetricFamily]
    private let freshness: Duration
    private var last: (moment: ContinuousClock.Instant, text: String)?
    private var underway: Task<String, Never>?

    /// - Parameters:
    ///   - freshness: How long an answer is given again.
    ///   - collect: Says what is so now. It waits for no disk.
    public init(freshness: Duration = .seconds(1), _ collect: @escaping @Sendable () async -> [MetricFamily]) {
        self.freshness = freshness
        self.collect = collect
    }

    /// All of it, as Prometheus reads it.
    public func text() async -> String {
        if let last, ContinuousClock.now - last.moment < freshness { return last.text }
        if let underway { return await underway.value }
        // Owned by whoever asked first, and waited for by all; it goes on when that one hangs up.
        let task = Task { [collect] in Exposition.text(await collect()) }
        underway = task
        let text = await task.value
        underway = nil
        last = (.now, text)
        return text
    }

    /// The answer to a scrape.
    public nonisolated func response() async -> Response {
        Response(
            status: .ok, headers: [.contentType: Exposition.contentType, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: await text())))
    }
}
