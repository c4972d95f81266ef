// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import NIOCore
import NIOPosix
import ServiceLifecycle
import StoragePrimitives

/// Replicates the source disks of one group to a master target, once or for ever.
///
/// The work is done on one thread of its own, which blocks; a second one reads the disks ahead, and an event loop moves
/// frames. A graceful shutdown ends between two frames: what is open at the receiver is discarded there and read again.
public final class ProcessServer: Service {
    /// A disk to replicate.
    public struct Disk: Sendable {
        /// Where it comes from: a path, or the URL of an NBD export.
        public enum Place: Hashable, Sendable {
            case path(String)
            case nbd(NBDAddress)
        }

        /// The identity under which the disk is bound to its group.
        public let id: String
        /// Its number in the group.
        public let number: DiskNumber
        /// Where it comes from.
        public let place: Place

        /// A disk to replicate.
        public init(id: String, number: DiskNumber, place: Place) {
            self.id = id
            self.number = number
            self.place = place
        }
    }

    private let settings: ProcessServerSettings
    private let disks: [Disk]
    private let identity: TLSIdentity
    private let statePath: String
    private let signal = WorkerSignal()
    private let report: @Sendable (ProgressReport) -> Void

    /// - Parameters:
    ///   - statePath: A folder for what has to be remembered; made when it is not there.
    ///   - certificate: Path of the PEM chain of this host; its common name is the host id.
    ///   - authority: Path of the PEM certificates that the master target's has to come from.
    /// - Throws: ``ProcessServerError`` naming what cannot be used.
    public init(
        settings: ProcessServerSettings, disks: [Disk], statePath: String, certificate: String, key: String,
        authority: String, report: @escaping @Sendable (ProgressReport) -> Void
    ) throws(ProcessServerError) {
        guard !disks.isEmpty else {
            throw ProcessServerError(
                .configuration, "A group needs at least one disk: name one with --disk.", isPermanent: true)
        }
        if let id = disks.map(\.id).firstRepeated {
            throw ProcessServerError(
                .configuration, "Disk \(id) is given twice: every disk has its own id.", isPermanent: true)
        }
        if let number = disks.map(\.number).firstRepeated {
            throw ProcessServerError(
                .configuration, "Disk number \(number) is given twice: every disk has its own number.",
                isPermanent: true)
        }
        self.settings = settings
        self.disks = disks
        self.statePath = statePath
        self.report = report
        identity = try TLSIdentity(certificate: certificate, key: key, authority: authority)
    }

    /// Returns when there is nothing left to do or a graceful shutdown was asked for; throws what it cannot mend.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let worker = DiskThread(name: "replicate")
        let outcome: Result<Void, any Error>
        do {
            try await withGracefulShutdownHandler {
                try await worker.run { [self] in try replicate(on: group) }
            } onGracefulShutdown: { [signal] in
                signal.stop()
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        worker.finish()
        try await group.shutdownGracefully()
        try outcome.get()
    }

    private func replicate(on group: any EventLoopGroup) throws {
        let folder: DirectoryFolder
        let lock: any StoreFile
        do {
            folder = try DirectoryFolder(path: statePath, create: true)
            if try !folder.names().contains("lock") { _ = try folder.create("lock") }
            lock = try folder.open("lock")
        } catch {
            throw ProcessServerError(.stateFailed, "The state folder cannot be used: \(error).", isPermanent: true)
        }
        let guardian: DirectFile
        do {
            guardian = try DirectFile(path: lock.name, access: .exclusive)
        } catch {
            throw ProcessServerError(
                .stateFailed, "The state folder \(statePath) is in use by another process server: \(error).",
                isPermanent: true)
        }
        let members = disks.map { disk in
            let source: any SourceDisk =
                switch disk.place {
                case .path(let path): FileSource(id: disk.id, path: path)
                case .nbd(let address): NBDSource(id: disk.id, address: address, group: group)
                }
            return Replicator.Member(source: source, number: disk.number)
        }
        let replicator = Replicator(
            settings: settings, members: members, store: try PositionStore(folder: folder, group: settings.group),
            connector: NetworkConnector(group: group, identity: identity, settings: settings), signal: signal,
            clock: MachineSteadyClock(), wallClock: SystemClock(), report: report)
        try replicator.run()
        withExtendedLifetime(guardian) {}
    }
}
