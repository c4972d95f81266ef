// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import Logging
import MetricsEndpoint
import PrometheusText
import ServiceLifecycle
import Synchronization
import Testing

@Suite struct MetricsSettingsTests {
    @Test(arguments: ["127.0.0.1", "127.255.0.9", "::1", "localhost"]) func `this machine alone`(address: String) {
        var settings = MetricsSettings(port: 9446)
        settings.address = address
        #expect(settings.complaint == nil)
    }

    @Test(arguments: [
        "0.0.0.0", "::", "", "10.0.0.1", "127.0.0", "127.0.0.256", "127.0.0.1.example.com", "127.0.0.+1",
        "127.0.0.0001",
        "localhost.example.com", "1270.0.0.1",
    ]) func `every other address is refused, by name`(address: String) {
        var settings = MetricsSettings(port: 9446)
        settings.address = address
        #expect(settings.complaint?.contains("metrics.address is \"\(address)\"") == true)
    }

    @Test(arguments: [-1, 65536]) func `a port is a port`(port: Int) {
        #expect(MetricsSettings(port: port).complaint?.contains("metrics.port") == true)
    }
}

@Suite struct MetricsSourceTests {
    /// Metrics that say how often they were asked for.
    private func counting(freshness: Duration) -> MetricsSource {
        let count = Mutex(0)
        return MetricsSource(freshness: freshness) {
            let number = count.withLock { count in
                count += 1
                return count
            }
            // Cancellation only makes it shorter.
            try? await Task.sleep(for: .milliseconds(50))
            return [MetricFamily(.gauge, "asked", "How often.", [.init(number)])]
        }
    }

    @Test func `it is made once for all who ask while it is fresh`() async {
        let source = counting(freshness: .seconds(3600))
        let texts = await withTaskGroup(of: String.self) { tasks in
            for _ in 0..<20 { tasks.addTask { await source.text() } }
            return await tasks.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(texts == ["# HELP asked How often.\n# TYPE asked gauge\nasked 1\n"])
        #expect(await source.text().hasSuffix("asked 1\n"))
    }

    @Test func `it is made again when it is old`() async {
        let source = counting(freshness: .zero)
        #expect(await source.text().hasSuffix("asked 1\n"))
        #expect(await source.text().hasSuffix("asked 2\n"))
    }
}

@Suite struct MetricsListenerTests {
    private let source = MetricsSource { ProcessMetrics.families(program: "test", version: "1", figures: nil) }
    private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a listener until the work is done with the port that it got.
    private func with(_ settings: MetricsSettings, _ work: (Int) async throws -> Void) async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let listener = MetricsListener(settings, source: source, logger: silent, clock: ContinuousClock()) { state in
            if case .listening(let number) = state { port.yield(number) }
        }
        let group = ServiceGroup(services: [listener], logger: silent)
        async let running: Void = group.run()
        for await number in ports {
            try await work(number)
            break
        }
        await group.triggerGracefulShutdown()
        try await running
    }

    private func get(_ port: Int, _ path: String, method: String = "GET") async throws -> (Int, String, String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/curl")
        process.arguments = [
            "--silent", "--request", method, "--write-out", "\n%{http_code} %{content_type}",
            "http://127.0.0.1:\(port)\(path)",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let words = (lines.last ?? "").split(separator: " ", maxSplits: 1)
        return (
            Int(words.first ?? "") ?? 0, words.count > 1 ? String(words[1]) : "",
            lines.dropLast().joined(separator: "\n")
        )
    }

    @Test func `it answers GET /metrics, in the type that Prometheus knows, and nothing else`() async throws {
        var settings = MetricsSettings(port: 0)
        settings.isEnabled = true
        try await with(settings) { port in
            let (status, type, body) = try await get(port, "/metrics")
            #expect(status == 200)
            #expect(type == "text/plain; version=0.0.4; charset=utf-8")
            #expect(body.contains("mastertarget_build_info{program=\"test\",version=\"1\"} 1\n"))
            for (path, method) in [("/", "GET"), ("/v1/status", "GET"), ("/metrics", "POST"), ("/metrics/x", "GET")] {
                let (status, _, _) = try await get(port, path, method: method)
                #expect(status == 404, "\(method) \(path)")
            }
        }
    }

    @Test func `a port that is taken is tried again, and told of`() async throws {
        var settings = MetricsSettings(port: 0)
        settings.isEnabled = true
        try await with(settings) { port in
            var second = settings
            second.port = port
            let (states, state) = AsyncStream.makeStream(of: MetricsListener.State.self)
            let listener = MetricsListener(second, source: source, logger: silent) { state.yield($0) }
            let group = ServiceGroup(services: [listener], logger: silent)
            async let running: Void = group.run()
            for await state in states {
                guard case .down(let sentence) = state else { continue }
                #expect(sentence.contains("127.0.0.1:\(port) cannot be listened on"))
                break
            }
            await group.triggerGracefulShutdown()
            try await running
        }
    }

    @Test func `disabled it does nothing until it is told to end`() async throws {
        let listener = MetricsListener(MetricsSettings(port: 0), source: source, logger: silent) { _ in
            Issue.record("it listens")
        }
        let group = ServiceGroup(services: [listener], logger: silent)
        async let running: Void = group.run()
        try await Task.sleep(for: .milliseconds(50))
        await group.triggerGracefulShutdown()
        try await running
    }
}

@Suite struct ProcessMetricsTests {
    @Test func `without figures the program is told of all the same`() {
        let families = ProcessMetrics.families(program: "p", version: "1", figures: nil)
        #expect(families.first?.samples.count == 1)
        let others = families.dropFirst().flatMap(\.samples)
        #expect(others.isEmpty)
    }
}
