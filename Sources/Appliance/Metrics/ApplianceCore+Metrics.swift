// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import MetricsEndpoint
import PrometheusText
import StoragePrimitives

extension ApplianceCore {
    /// All metrics, as of now: what is in memory, and what ``MetricsWatch`` saw last. No disk is waited for, and no lock is
    /// held for longer than a status takes.
    func metrics() async -> [MetricFamily] {
        // Nothing there throws.
        (try? await metricsThread.run { [self] in families() }) ?? []
    }

    private func families() -> [MetricFamily] {
        let groups = groups.all().map { $0.figures() }
        var agent = AgentMetrics()
        agent.listeners = [("replication", listener.withLock { $0 })]
        if let nbd = nbdListener.withLock({ $0 }) { agent.listeners.append(("nbd", nbd)) }
        if let metrics = metricsListener.withLock({ $0 }) { agent.listeners.append(("metrics", metrics)) }
        agent.receiver = environment.sessions.status
        agent.samples = samples.withLock { $0 }
        agent.registration = registration.withLock { $0 }
        agent.jobs = jobs.list()
        agent.endings = jobs.endings
        agent.health = lastHealth.withLock { $0 }
        agent.previews = previews.reports().count
        agent.memoryCeiling = configuration.memoryCeiling
        let free = agent.samples.volume?.value.report.freeBytes
        return ProcessMetrics.families(
            program: "mastertargetd", version: ProductVersion.text, figures: ProcessFigures.now())
            + agent.families
            + GroupMetrics(
                groups: groups, outlook: free.map { RetentionOutlook(groups.map(\.report), free: $0) },
                now: now().timestamp
            ).families
    }

    // MARK: What takes its time

    func sampleVolume() async {
        let report = await volume()
        let size = report.isUsable ? await volumeSize() : nil
        take(\.volume, MetricsSamples.Volume(report: report, size: size))
    }

    func sampleMultipath() async {
        do {
            let maps = try await diskThread.run { [ports] in MetricsSamples.Maps(ports.multipath) }
            take(\.multipath, maps)
        } catch {
            logger.debug("The paths cannot be looked at.", metadata: ["reason": "\(error)"])
        }
    }

    func sampleCertificates() async {
        let registered = registration.withLock { $0?.certificateExpires.timestamp }
        // Without a certificate there is none that expires; why there is none is told by the listener.
        var expiries = (try? await files.run { [configuration] in try HostCertificate(configuration).expiries }) ?? [:]
        expiries[.registration] = registered
        take(\.certificates, expiries)
    }

    private func take<Value: Sendable>(
        _ sample: any WritableKeyPath<MetricsSamples, MetricsSamples.Sample<Value>?> & Sendable, _ value: Value
    ) {
        let moment = now().timestamp
        samples.withLock { $0[keyPath: sample] = .init(value: value, moment: moment) }
    }
}
