// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The durable state of one group's sender: the position, a digest file for each disk, and the pages of a pending pass.
///
/// ```
/// position          JSON, replaced in one step: the one switch
/// digests-<hash>    remembered digests of one disk, changed in place by a sync or a promotion
/// pending.new       pages of the pass that is being read; worthless after a crash
/// pending           pages of the pass that `position` calls pending
/// ```
///
/// A promotion first writes that the pending pass is confirmed, then copies its pages, then forgets it. Copying twice
/// does no harm, so a crash anywhere in between is mended by doing it again. Used by one thread.
public final class PositionStore {
    private static let positionName = "position"
    private static let pendingName = "pending"
    private static let newPendingName = "pending.new"
    /// 256 disks with the longest ids take less than 256 KiB.
    private static let maximumPositionBytes = 1 << 20

    private let folder: any StoreFolder
    /// What is known; durable before it counts.
    public private(set) var position: Position
    /// Whether a position was there but could not be read.
    public let wasDamaged: Bool

    /// Opens what `folder` remembers of `group`; a position that cannot be read counts as none, and ``wasDamaged`` says
    /// so.
    ///
    /// - Throws: ``ProcessServerError``: `.stateFailed` when the folder fails, `.configuration` when it is another
    ///   group's.
    public init(folder: any StoreFolder, group: String) throws(ProcessServerError) {
        self.folder = folder
        let contents: [UInt8]?
        do {
            contents = try folder.contents(of: Self.positionName, limit: Self.maximumPositionBytes)
        } catch {
            throw .state(error)
        }
        let read = contents.flatMap { Position(decoding: $0) }
        wasDamaged = contents != nil && read == nil
        position = read ?? Position(group: group)
        guard position.group == group else {
            throw ProcessServerError(
                .configuration,
                "The state folder \(folder.path) belongs to group '\(position.group)', not to '\(group)': give "
                    + "another.",
                isPermanent: true)
        }
        if position.pending?.isConfirmed == true { try copyPending() }
        if position.pending == nil { try removeLeftovers() }
    }

    private func removeLeftovers() throws(ProcessServerError) {
        do {
            for name in try folder.names() where name == Self.pendingName || name == Self.newPendingName {
                try folder.remove(name)
            }
        } catch {
            throw .state(error)
        }
    }

    private func save(_ changed: Position) throws(ProcessServerError) {
        let bytes = try changed.encoded()
        do {
            try folder.replace(Self.positionName, with: bytes)
        } catch {
            throw .state(error)
        }
        position = changed
    }

    // MARK: Disks

    /// What is remembered of a disk, or nil.
    public func disk(_ id: String) -> Position.Disk? { position.disks.first { $0.id == id } }

    private func change(_ disk: Position.Disk, in position: inout Position) {
        position.disks.removeAll { $0.id == disk.id || $0.number == disk.number }
        position.disks.append(disk)
    }

    /// Forgets what was known of the disk and begins with a new seed; confirmed by ``finishSync(of:)``.
    package func beginSync(
        of id: String, number: DiskNumber, size: ByteCount, seed: UInt64
    ) throws(ProcessServerError) {
        var changed = position
        change(
            Position.Disk(id: id, number: number, size: size.rawValue, seed: seed, isSynced: false), in: &changed)
        try save(changed)
    }

    /// The receiver holds all of the disk, and its digests are in the file.
    package func finishSync(of id: String, at sequence: UInt64) throws(ProcessServerError) {
        guard let disk = disk(id) else { return }
        do {
            try digestFile(of: disk).sync()
        } catch let error as DeviceError {
            throw .state(error)
        } catch let error as ProcessServerError {
            throw error
        } catch {
            throw ProcessServerError(.stateFailed, "\(error)")
        }
        var changed = position
        change(
            Position.Disk(id: id, number: disk.number, size: disk.size, seed: disk.seed, isSynced: true), in: &changed)
        changed.confirmed = sequence
        try save(changed)
    }

    /// Nothing that is remembered fits the receiver.
    package func forgetDisks(at sequence: UInt64) throws(ProcessServerError) {
        var changed = position
        changed.disks = changed.disks.map {
            Position.Disk(id: $0.id, number: $0.number, size: $0.size, seed: $0.seed, isSynced: false)
        }
        changed.confirmed = sequence
        changed.pending = nil
        try save(changed)
        try removeLeftovers()
    }

    /// The digest file of a disk, made when it is not there, of the right length.
    package func digestFile(of disk: Position.Disk) throws(ProcessServerError) -> any StoreFile {
        // SAFETY: bytes have no invalid bit patterns; the array outlives the span.
        let identity = Array(disk.id.utf8)
        let hash = unsafe Checksum(of: identity.span.bytes).rawValue
        let name = "digests-" + String(hash, radix: 16)
        let size = ByteCount(
            DigestPage.count(blocks: ScanBlock.count(size: disk.size)) * UInt64(DigestPage.byteCount))
        do {
            let file: any StoreFile
            do {
                file = try folder.open(name)
            } catch {
                guard error.code == .notFound else { throw error }
                file = try folder.create(name)
                try folder.sync()
            }
            if try file.size() != size {
                try file.truncate(to: .zero)
                try file.allocate(size)
                try file.sync()
            }
            return file
        } catch let error as DeviceError {
            throw .state(error)
        } catch {
            throw ProcessServerError(.stateFailed, "\(error)")
        }
    }

    // MARK: Passes

    /// A fresh file for the pages that a pass changes.
    package func beginPass() throws(ProcessServerError) -> PendingPages {
        precondition(position.pending == nil, "one pass at a time")
        try removeLeftovers()
        do {
            return PendingPages(file: try folder.create(Self.newPendingName))
        } catch {
            throw .state(error)
        }
    }

    /// All of the pass was read and sent but for its end: its digests are made safe before the receiver may hold it.
    package func finishPass(
        _ pages: PendingPages, sequence: UInt64, bookmark: Position.Bookmark?
    ) throws(ProcessServerError) {
        try pages.finish()
        do {
            try folder.rename(Self.newPendingName, to: Self.pendingName)
            try folder.sync()
        } catch {
            throw .state(error)
        }
        var changed = position
        changed.pending = Position.Pending(sequence: sequence, bookmark: bookmark, isConfirmed: false)
        try save(changed)
    }

    /// The receiver holds the pending pass, up to and including `sequence`.
    package func promote(through sequence: UInt64) throws(ProcessServerError) {
        guard let pending = position.pending else { return }
        var changed = position
        changed.confirmed = sequence
        changed.pending = Position.Pending(sequence: pending.sequence, bookmark: nil, isConfirmed: true)
        try save(changed)
        try copyPending()
    }

    /// The receiver holds a bookmark that was sent by itself.
    package func confirm(_ sequence: UInt64) throws(ProcessServerError) {
        var changed = position
        changed.confirmed = sequence
        try save(changed)
    }

    /// The receiver has discarded the pending pass.
    package func dropPending() throws(ProcessServerError) {
        guard position.pending != nil else { return }
        var changed = position
        changed.pending = nil
        try save(changed)
        try removeLeftovers()
    }

    private func copyPending() throws(ProcessServerError) {
        do {
            let source = try folder.open(Self.pendingName)
            guard try copy(source, pages: try source.size().rawValue / UInt64(DigestPage.byteCount)) else {
                return try forgetDisks(at: position.confirmed)
            }
        } catch let error as DeviceError {
            throw .state(error)
        } catch let error as ProcessServerError {
            throw error
        } catch {
            throw ProcessServerError(.stateFailed, "\(error)")
        }
        try dropPending()
    }

    private func copy(_ source: any StoreFile, pages: UInt64) throws -> Bool {
        var files: [DiskNumber: any StoreFile] = [:]
        var buffer = AlignedBuffer(count: DigestPage.byteCount)
        for page in 0..<pages {
            var span = buffer.mutableBytes
            try source.read(into: &span, at: ByteOffset(page * UInt64(DigestPage.byteCount)))
            let place = DigestPage.place(of: buffer.bytes)
            let number = DigestPage.disk(place: place)
            // A page that does not check was damaged at rest; the page it would replace must not be believed either.
            guard let disk = position.disks.first(where: { $0.number == number }),
                DigestPage.isValid(buffer.bytes, seed: disk.seed)
            else { return false }
            let file: any StoreFile
            if let known = files[number] {
                file = known
            } else {
                file = try digestFile(of: disk)
                files[number] = file
            }
            let target = DigestPage.number(place: place)
            guard target < DigestPage.count(blocks: ScanBlock.count(size: disk.size)) else { continue }
            try file.write(buffer.bytes, at: ByteOffset(target * UInt64(DigestPage.byteCount)))
        }
        for file in files.values { try file.sync() }
        return true
    }
}
