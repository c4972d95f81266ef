// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import LinuxSystem
import Logging
import MetricsEndpoint
import PrometheusText
import StoragePrimitives

/// The site's metrics, from the inventory and the last heartbeats. Where the database does not answer, what is known
/// without it is told.
struct SiteMetrics: Sendable {
    let site: SiteDesk
    let inventory: Inventory
    let board: HeartbeatBoard
    let folder: StateFolder
    let clock: any WallClock
    let logger: Logger

    private static let thread = DiskThread(name: "mt-metrics")

    func families() async -> [MetricFamily] {
        var figures: SiteFigures?
        do {
            figures = try await site.figures()
        } catch {
            logger.debug("The site cannot be looked at for metrics.", metadata: ["reason": "\(error)"])
        }
        // Nothing is thrown there, and no process is without figures.
        let process = (try? await Self.thread.run { ProcessFigures.now() }) ?? nil
        return ProcessMetrics.families(
            program: "mt-configuration-server", version: ProductVersion.text, figures: process)
            + own(isDatabaseUp: figures != nil) + (figures ?? SiteFigures()).families
    }

    private func own(isDatabaseUp: Bool) -> [MetricFamily] {
        [
            MetricFamily(
                .gauge, "mastertarget_site_database_up", "Whether the site's database answers.",
                [.init(isDatabaseUp)]),
            MetricFamily(
                .counter, "mastertarget_site_heartbeats_total", "Heartbeats that this process received.",
                [.init(board.count)]),
            MetricFamily(
                .gauge, "mastertarget_site_certificate_expiry_timestamp_seconds",
                "When a certificate of the configuration server expires.",
                certificates.map { .init($0.seconds, ["certificate": $0.name]) }),
        ]
    }

    /// Small files beside the inventory, which every request reads as well.
    private var certificates: [(name: String, seconds: Double)] {
        [("server", StateFolder.serverCertificate), ("authority", StateFolder.authorityCertificate)].compactMap {
            name, file in
            // What cannot be read is not told; the server does not start without them.
            guard let pem = try? folder.text(file), let certificate = try? IssuedCertificate(pemEncoded: pem) else {
                return nil
            }
            return (name, Double(certificate.notAfter.timestamp.rawValue) / 1e9)
        }
    }
}
