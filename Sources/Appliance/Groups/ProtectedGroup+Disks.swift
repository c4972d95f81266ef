// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import RetentionStore
import StoragePrimitives

extension ProtectedGroup {
    /// Source disks that a group may have: what one Hello frame lists with room to spare.
    static let maximumDisks = 256

    func bind(_ request: BindDiskRequest) async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            try check(.bindDisk)
            try checkBinding(request)
            try environment.checkHost()
            try environment.checkVolume()
            // Held open and shut again: the store opens all disks together, and must find this one free.
            _ = try TargetDisk.open(
                request.target, source: request.source, size: request.sizeBytes, group: name, isNew: true,
                environment: environment)
            try rebuildEmptyStore { record in
                record.disks.append(
                    .init(
                        number: DiskNumber(record.nextDisk), source: request.source, target: request.target,
                        size: request.sizeBytes, logicalBlockSize: request.logicalBlockSize ?? 512, wasSynced: false))
                record.nextDisk += 1
            }
            let hint = DiskDesk.isDisk(request.target) ? " mtctl host prepare --apply keeps LVM off it as well." : ""
            return Acknowledgement(
                message: "Disk \(request.source) is bound to \(request.target) in group \(name).\(hint)")
        }
    }

    private func checkBinding(_ request: BindDiskRequest) throws {
        guard !request.source.isEmpty, request.source.utf8.count <= 255 else {
            throw ControlFailure(
                .invalidRequest, "A source disk's id has 1 to 255 bytes.",
                remedy: "Use the id that the process server is given.")
        }
        guard request.sizeBytes > .zero, Sector.count(request.sizeBytes.rawValue) != nil else {
            throw ControlFailure(
                .invalidRequest, "\(request.sizeBytes.rawValue) bytes are no size of a disk.",
                remedy: "Give the source disk's size, a multiple of 512 bytes.")
        }
        guard request.logicalBlockSize == nil || request.logicalBlockSize == 512 || request.logicalBlockSize == 4096,
            request.sizeBytes.rawValue % UInt64(request.logicalBlockSize ?? 512) == 0
        else {
            throw ControlFailure(
                .invalidRequest,
                "Source \(request.source) cannot have blocks of \(request.logicalBlockSize ?? 512) bytes.",
                remedy: "Give 512 or 4096, of which the size is a multiple.")
        }
        let record = record
        guard record.disks.count < Self.maximumDisks, record.nextDisk < UInt16.max else {
            throw ControlFailure(
                .refused, "Group \(name) has \(record.disks.count) disks, and no more are possible.",
                remedy: "Make another group.")
        }
        guard !record.disks.contains(where: { $0.source == request.source }) else {
            throw ControlFailure(
                .exists, "Source \(request.source) is bound in group \(name) already.", remedy: "Unbind it first.")
        }
        guard !record.disks.contains(where: { $0.target == request.target }) else {
            throw ControlFailure(
                .exists, "Target \(request.target) is bound in group \(name) already.", remedy: "Choose another target."
            )
        }
    }

    func unbind(_ request: UnbindDiskRequest) async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            try check(.unbindDisk)
            let record = record
            guard record.disks.contains(where: { $0.source == request.source }) else {
                throw ControlFailure(
                    .notFound, "Source \(request.source) is not bound in group \(name).",
                    remedy: "mtctl group show \(name) lists its disks.")
            }
            if hasHistory {
                guard request.discardHistory else {
                    throw ControlFailure(
                        .notConfirmed,
                        "Group \(name) has recovery points of all its disks; without \(request.source) they are lost.",
                        remedy: "Add --discard-history to say that this is meant.")
                }
                try environment.previews.checkNone(of: name)
                endSession("a disk is unbound")
            }
            try rebuildEmptyStore(discarding: true) { record in
                record.disks.removeAll { $0.source == request.source }
                for index in record.disks.indices { record.disks[index].wasSynced = false }
            }
            return Acknowledgement(message: "Disk \(request.source) is released from group \(name).")
        }
    }

    /// Whether there is something that an operator would miss: a state beyond the first, in which batches may have
    /// come.
    var hasHistory: Bool {
        switch state.underlying {
        case .created, .released: false
        case .paused(let hasHistory): hasHistory
        case .initialSync, .protected, .resyncing, .recovering, .recovered, .committed, .degraded: true
        }
    }

    /// Makes the history of a group that has none, or is to have none, for the disks that the change leaves.
    private func rebuildEmptyStore(discarding: Bool = false, _ change: (inout GroupRecord) -> Void) throws {
        var record = record
        change(&record)
        closeStore()
        // First the record, without history; then the files. After a crash in between the files are made again.
        try transition(discarding ? .historyDiscarded : .bindDisk) {
            change(&$0)
            $0.hasStore = false
        }
        environment.disks.claim(record.disks.map(\.target), for: name)
        try removeHistory()
        guard !record.disks.isEmpty else { return }
        do {
            try openOrCreateStore()
        } catch {
            degrade(ControlFailure.from(error))
            throw error
        }
    }

    /// Opens the targets and the history; makes the history where there is none yet.
    func openOrCreateStore() throws {
        let record = record
        guard !record.disks.isEmpty else { return }
        try environment.checkHost()
        try environment.checkVolume()
        var targets: [DiskNumber: any BlockDevice] = [:]
        for disk in record.disks {
            targets[disk.number] = try TargetDisk.open(
                disk.target, source: disk.source, size: disk.size, group: name, isNew: false, environment: environment)
        }
        let store: GroupStore
        if record.hasStore {
            store = try GroupStore.open(record, targets: targets, environment: environment)
        } else {
            try removeHistory()
            store = try GroupStore.create(record, targets: targets, environment: environment)
            var made = record
            made.hasStore = true
            try environment.records.write(made, as: id)
        }
        shared.withLock { shared in
            shared.record.hasStore = true
            shared.store = store
            shared.nextAttempt = nil
        }
        environment.previews.attach(self)
    }

    func closeStore() {
        environment.previews.detach(name)
        endIntake("its history is closed")
        let store = shared.withLock { shared in
            let store = shared.store
            shared.store = nil
            shared.closing = store
            return store
        }
        guard let store else { return }
        store.close()
        let done = store.group.counters
        shared.withLock { shared in
            shared.past = shared.past + done
            shared.closing = nil
        }
    }

    /// Removes the files of the history. The volume must be there.
    func removeHistory() throws {
        let path = environment.historyPath(id)
        guard FolderTree.isFolder(path) else { return }
        do {
            let folder = try DirectoryFolder(path: path)
            for name in try folder.names() { try folder.remove(name) }
            try folder.sync()
            try FolderTree.removeEmpty(path)
        } catch {
            throw ControlFailure(
                .inputOutput, "The history of group \(name) cannot be removed (\(error)).",
                remedy: "Put the retention volume right and try again.")
        }
    }
}
