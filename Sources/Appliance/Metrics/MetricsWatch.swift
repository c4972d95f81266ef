// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import ServiceLifecycle
import StoragePrimitives

/// Looks every fifteen seconds at what metrics tell and a scrape must not wait for. Each look has a thread that it may
/// wait on: a volume that hangs keeps nobody from asking how the paths are.
struct MetricsWatch: Service {
    let core: ApplianceCore
    let clock: any Clock<Duration>

    /// Between two looks; scrapes are seldom nearer to each other.
    static let interval = Duration.seconds(15)

    func run() async throws {
        await core.readiness.wait()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { tasks in
                tasks.addTask { await repeated { await core.sampleVolume() } }
                tasks.addTask { await repeated { await core.sampleMultipath() } }
                tasks.addTask { await repeated { await core.sampleCertificates() } }
            }
        }
    }

    private func repeated(_ look: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            await look()
            try? await clock.sleep(for: Self.interval)  // cancellation is the end of the loop
        }
    }
}
