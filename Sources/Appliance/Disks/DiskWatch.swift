// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import Logging
import ServiceLifecycle

/// Looks at the disks whenever the machine says that something changed, and once a minute because it may not say so;
/// stops groups whose disks are not what they were, and lets those try again whose disks are back.
struct DiskWatch: Service {
    let core: ApplianceCore
    let logger: Logger
    let clock: any Clock<Duration>

    /// A plugged shelf brings many events; one survey serves them.
    private static let settling = Duration.milliseconds(200)
    private static let interval = Duration.seconds(60)

    func run() async throws {
        await core.readiness.wait()
        await cancelWhenGracefulShutdown {
            // One waiting pulse stands for any number of events.
            let (pulses, pulse) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            await withDiscardingTaskGroup { tasks in
                tasks.addTask { await follow(pulse) }
                tasks.addTask {
                    while !Task.isCancelled {
                        // Cancellation is the end of the loop.
                        try? await clock.sleep(for: Self.interval)
                        pulse.yield()
                    }
                }
                for await _ in pulses {
                    // Cancellation is looked at next.
                    try? await clock.sleep(for: Self.settling)
                    guard !Task.isCancelled else { break }
                    await core.lookAtDisks()
                }
                tasks.cancelAll()
            }
        }
    }

    private func follow(_ pulse: AsyncStream<Void>.Continuation) async {
        do {
            for await change in try core.disks.changes() {
                logger.debug("A device changed.", metadata: ["device": "\(change.name ?? "unknown")"])
                pulse.yield()
            }
        } catch {
            logger.warning(
                "Changes of the disks are seen only once a minute.", metadata: ["reason": "\(error.message)"])
        }
    }
}

extension ApplianceCore {
    /// Surveys the disks, and lets groups know what they have to.
    func lookAtDisks() async {
        do {
            let troubles = try await diskThread.run { [disks] in disks.troubles(try disks.survey()) }
            for (name, finding) in troubles { groups.find(name)?.stop(because: finding) }
            let stopped = Set(troubles.map(\.group))
            for group in groups.all() where !stopped.contains(group.name) { group.tryAgain() }
        } catch {
            logger.error("The disks cannot be looked at.", metadata: ["reason": "\(error)"])
        }
    }
}

extension ProtectedGroup {
    /// A disk of the group is not what it was: nothing is written any more until that is resolved.
    func stop(because finding: DiskFinding) {
        control.run { [self] in
            guard state.cause == nil else { return }
            endSession("a disk of the group changed")
            closeStore()
            degrade(.init(.unavailable, finding.message, remedy: finding.remedy))
        }
    }

    /// The disks changed: a group that waits for one looks again at once.
    func tryAgain() {
        guard state.cause != nil else { return }
        shared.withLock { $0.nextAttempt = nil }
        control.run { [self] in observe() }
    }
}
