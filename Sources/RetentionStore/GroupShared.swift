// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionFormat
import StoragePrimitives
import Synchronization

/// What a group's parts hold in common. The lock is held for microseconds, never across I/O or an event.
final class GroupShared: Sendable {
    let files: HistoryFiles
    let disks: [DiskNumber: GroupDisk]
    let settings: RetentionSettings
    let clock: any WallClock
    let state: Mutex<GroupState>
    /// In a structure: a bare closure in a `Mutex` is wrapped once more by every look at it.
    struct Observer {
        var call: (@Sendable (RetentionEvent) -> Void)?
    }

    let observer = Mutex(Observer())
    let journalBell = Doorbell()
    let applyBell = Doorbell()

    init(
        files: HistoryFiles, disks: [DiskNumber: GroupDisk], settings: RetentionSettings, clock: any WallClock,
        state: consuming GroupState
    ) {
        self.files = files
        self.disks = disks
        self.settings = settings
        self.clock = clock
        self.state = Mutex(state)
    }

    func send(_ event: RetentionEvent) {
        let call = observer.withLock { $0.call }
        call?(event)
    }

    /// Ends the group's work for good: the first failure is the one that counts.
    func fail(_ error: RetentionError) {
        let isFirst = state.withLock { state in
            guard state.failure == nil else { return false }
            state.failure = error
            return true
        }
        guard isFirst else { return }
        send(.failed(error))
        journalBell.ring()
        applyBell.ring()
    }

    /// Writes how far the group has come, so that a start need not look further back and knows what has to be there.
    ///
    /// One thread at a time: the applier's, or whoever has ended it.
    func writeSlot() throws(RetentionError) {
        let slot = state.withLock { state in
            state.slotGeneration += 1
            return StateSlot(
                generation: state.slotGeneration, group: files.group, durable: state.durable, applied: state.applied,
                discarded: state.discarded, partial: state.partial,
                undoEpoch: state.live.first?.summary.number ?? .none, undoRecords: state.live.first?.undoRecords ?? 0)
        }
        var buffer = AlignedBuffer(count: StateSlot.size)
        var span = buffer.mutableBytes
        slot.encode(into: &span)
        do {
            let file = try files.folder.open(StateFile.name)
            try file.write(buffer.bytes, at: ByteOffset(slot.generation % 2 * UInt64(StateSlot.size)))
            try file.sync()
        } catch {
            throw .retention(error)
        }
    }
}

/// The file of the two state slots.
enum StateFile {
    static let name = "state"

    static func create(in folder: any StoreFolder) throws(DeviceError) {
        let file = try folder.create(name)
        try file.allocate(ByteCount(2 * StateSlot.size))
        try file.sync()
        try folder.sync()
    }

    /// The newer slot that checks and belongs to the group.
    ///
    /// - Throws: `.unknownVersion` for a slot that a newer version wrote.
    static func read(in folder: any StoreFolder, group: GroupID) throws(RetentionError) -> StateSlot? {
        guard let file = try openOrCreate(in: folder) else { return nil }
        var best: StateSlot?
        for index in 0..<2 {
            guard let slot = try slot(index, of: file), slot.group == group else { continue }
            if slot.generation > best?.generation ?? 0 { best = slot }
        }
        return best
    }

    private static func openOrCreate(in folder: any StoreFolder) throws(RetentionError) -> (any StoreFile)? {
        do throws(DeviceError) {
            do throws(DeviceError) {
                return try folder.open(name)
            } catch {
                guard error.code == .notFound else { throw error }
                try create(in: folder)
                return nil
            }
        } catch {
            throw .retention(error)
        }
    }

    private static func slot(_ index: Int, of file: any StoreFile) throws(RetentionError) -> StateSlot? {
        var buffer = AlignedBuffer(count: StateSlot.size)
        do {
            var span = buffer.mutableBytes
            try file.read(into: &span, at: ByteOffset(UInt64(index * StateSlot.size)))
        } catch {
            guard error.code == .shortTransfer else { throw .retention(error) }
            return nil
        }
        do {
            return try StateSlot(decoding: buffer.bytes)
        } catch {
            if case .unknownVersion = error { throw EpochFileReader.translate(error, name) }
            // It was torn by a crash, or rotted; the other one is then the newest.
            return nil
        }
    }
}
