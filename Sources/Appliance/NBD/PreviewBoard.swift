// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import Logging
import NBDProtocol
import NBDServer
import NIOPosix
import RetentionFormat
import RetentionStore
import StateFiles
import StoragePrimitives
import Synchronization

/// The previews of an appliance: recovery points that are open for looking at. Each is kept in a folder, so that it is
/// there again after a restart.
///
/// A preview holds the history that its point needs. It gives way, and says so, when a group's journal has no room and
/// that history is what could make some: replication goes before looking.
final class PreviewBoard: Sendable {
    private struct Board {
        var previews: [UInt64: Preview] = [:]
        var next: UInt64 = 1
        /// Listeners are open from here on.
        var isOpen = false
    }

    /// Previews at a time.
    static let maximumPreviews = 32
    /// Looks at a group, one a second, with no room in a row before its previews give way.
    private static let looksBeforeGivingWay = 10

    private let board = Mutex(Board())
    private let records: StateFolder
    private let configuration: ApplianceConfiguration
    private let workers: NBDWorkers
    private let settings: NBDServerSettings
    private let clock: any WallClock
    private let logger: Logger
    /// Opens points, which reads their history's indexes.
    private let thread = DiskThread(name: "mt-preview")

    /// Reads what is there. Blocking.
    init(
        records: StateFolder, configuration: ApplianceConfiguration, workers: NBDWorkers, settings: NBDServerSettings,
        clock: any WallClock, logger: Logger
    ) throws {
        self.records = records
        self.configuration = configuration
        self.workers = workers
        self.settings = settings
        self.clock = clock
        self.logger = logger
        for name in try records.names() {
            guard let number = UInt64(name) else { continue }
            do {
                guard let record = try records.read(PreviewRecord.self, from: name), record.id == number else {
                    continue
                }
                board.withLock { $0.previews[number] = Preview(record) }
            } catch {
                // A preview is a way to look at history, not history.
                logger.warning("A preview cannot be read.", metadata: ["preview": "\(name)", "reason": "\(error)"])
            }
            board.withLock { $0.next = max($0.next, number &+ 1) }
        }
    }

    // MARK: For operators

    func reports() -> [PreviewReport] { all().map { $0.report() } }

    /// Opens a point of a group and serves its disks.
    func start(_ request: StartPreviewRequest, of group: ProtectedGroup) async throws -> PreviewReport {
        let resolved = try await group.resolve(request.point)
        guard resolved.point.accuracy == .exact || request.acceptInexact == true else {
            throw ControlFailure(
                .notConfirmed,
                "Point \(request.point) of group \(group.name) is \(resolved.point.accuracy.rawValue), not exact.",
                remedy: "Choose an exact point, or accept it with --accept-inexact.")
        }
        let record = try make(request, of: group, at: resolved.point)
        let preview = Preview(record)
        let isAdded = board.withLock { board in
            guard board.previews.count < Self.maximumPreviews else { return false }
            board.previews[record.id] = preview
            return true
        }
        guard isAdded else {
            throw ControlFailure(
                .refused, "There are \(Self.maximumPreviews) previews already.",
                remedy: "End one: mtctl preview list, mtctl preview stop.")
        }
        do {
            try await thread.run { [self] in
                try open(preview, of: group)
                // One that passes with its client is not there again after a restart.
                if !record.isPassing { try records.write(record, as: "\(record.id)") }
            }
            try await listen(preview)
        } catch {
            // What stays behind of it is a file that the next start finds; the cause of all that is told.
            try? await end(preview)
            throw error
        }
        logger.notice(
            "A preview was started.",
            metadata: ["preview": "\(record.id)", "group": "\(group.name)", "point": "\(record.sequence)"])
        return preview.report()
    }

    func stop(_ id: String) async throws -> Acknowledgement {
        guard let number = UInt64(id), let preview = board.withLock({ $0.previews[number] }) else {
            throw ControlFailure(.notFound, "There is no preview \(id).", remedy: "mtctl preview list shows them.")
        }
        try await end(preview)
        return Acknowledgement(message: "Preview \(id) is ended; what was written to it is gone.")
    }

    /// - Throws: A ``ControlFailure`` while a group has previews, which what is asked for would take away.
    func checkNone(of group: String) throws {
        guard let preview = all().first(where: { $0.record.group == group }) else { return }
        throw ControlFailure(
            .busy, "Preview \(preview.record.id) shows a point of group \(group).",
            remedy: "End it first: mtctl preview stop \(preview.record.id).")
    }

    /// - Throws: A ``ControlFailure`` while a group's previews are written to: what is tried out there is not in the point
    ///   that the disks are about to show, and an operator may believe that it is.
    func checkNoneWritable(of group: String) throws {
        guard let preview = all().first(where: { $0.record.group == group && $0.record.scratchBytes != nil }) else {
            return
        }
        throw ControlFailure(
            .busy,
            "Preview \(preview.record.id) of group \(group) is written to, and none of that will be on its disks.",
            remedy: "End it first: mtctl preview stop \(preview.record.id).")
    }

    // MARK: The groups' side, on their control threads

    /// The group's history is open, and not as it was: what a preview may have opened of it before is not this one.
    func attach(_ group: ProtectedGroup) {
        for preview in all() where preview.record.group == group.name && !preview.isOver {
            thread.run { [self] in
                preview.hide("It is being opened.")
                do {
                    try open(preview, of: group)
                } catch {
                    preview.hide(ControlFailure.from(error).message)
                }
            }
        }
    }

    /// The group's history is about to be closed.
    func detach(_ group: String) {
        for preview in all() where preview.record.group == group && preview.isShowing {
            preview.hide("The history of group \(group) is not open now.")
        }
    }

    /// A look at a group: whether its journal has room.
    func look(at group: String, hasRoom: Bool) {
        for preview in all() where preview.record.group == group && preview.isLeft {
            // Nobody waits for it, and the next look finds it if it did not end.
            Task { try? await end(preview) }
        }
        for preview in all() where preview.record.group == group && preview.isShowing {
            guard preview.note(hasRoom: hasRoom) >= Self.looksBeforeGivingWay else { continue }
            preview.hide(
                "It gave way: group \(group) had no room for new changes, and this preview held history that makes "
                    + "some. What was written to it is dropped. End it with mtctl preview stop \(preview.record.id).")
            preview.isOver = true
            thread.run { [self] in
                do {
                    // Nor is it there after a restart: it would show its point without what was written to it.
                    try forget(preview.record)
                } catch {
                    logger.warning(
                        "What is kept of a preview cannot be removed.",
                        metadata: ["preview": "\(preview.record.id)", "reason": "\(error)"])
                }
            }
            logger.warning(
                "A preview gave way to replication.",
                metadata: ["preview": "\(preview.record.id)", "group": "\(group)"]
            )
        }
    }

    // MARK: Beginning and end

    /// Starts to listen for all previews.
    func open() async {
        board.withLock { $0.isOpen = true }
        for preview in all() {
            do {
                try await listen(preview)
            } catch {
                logger.warning(
                    "A preview does not listen.", metadata: ["preview": "\(preview.record.id)", "reason": "\(error)"])
            }
        }
    }

    /// Ends all connections; the previews themselves stay.
    func close() async {
        board.withLock { $0.isOpen = false }
        for preview in all() {
            await preview.listener?.close()
            preview.listener = nil
        }
    }

    /// Ends the thread. Blocking.
    func drain() { thread.finish() }

    private func all() -> [Preview] {
        board.withLock { board in board.previews.values.sorted { $0.record.id < $1.record.id } }
    }

    // MARK: Making

    private func make(
        _ request: StartPreviewRequest, of group: ProtectedGroup, at point: PointReport
    ) throws -> PreviewRecord {
        let id = board.withLock { board in
            defer { board.next &+= 1 }
            return board.next
        }
        let folder = PathText.split(configuration.socketPath).folder
        let text = request.listen ?? "unix:\(folder)/preview-\(id).sock"
        guard let address = PreviewAddress(text) else {
            throw ControlFailure(
                .invalidRequest, "\"\(text)\" is no address to listen on.",
                remedy: "Write unix:PATH with an absolute path of at most 107 bytes, HOST:PORT, or [IPv6]:PORT.")
        }
        // The name that it is given is its own: what stands there was left behind by an agent that was killed.
        if request.listen != nil { try checkFree(address) }
        if let scratch = request.scratchBytes, scratch < Self.leastScratch {
            throw ControlFailure(
                .invalidRequest, "A scratch of \(scratch) is too little to write to.",
                remedy: "Give at least \(Self.leastScratch).")
        }
        return PreviewRecord(
            id: id, group: group.name, point: request.point, sequence: point.sequence, time: point.time,
            accuracy: point.accuracy, created: DateTime(clock.now()), listen: address,
            scratchBytes: request.scratchBytes, isPassing: request.isPassing ?? false,
            disks: group.record.disks.map {
                .init(number: $0.number, source: $0.source, size: $0.size, logicalBlockSize: $0.logicalBlockSize)
            })
    }

    /// A socket that somebody else listens on, the agent itself or another preview, would be taken from them.
    private func checkFree(_ address: PreviewAddress) throws {
        let isTaken =
            switch address.endpoint {
            case .unix(let path): path == configuration.socketPath || SystemFiles.exists(path)
            // The system refuses a port that is taken.
            case .tcp: false
            }
        guard !isTaken, !all().contains(where: { $0.record.listen.endpoint == address.endpoint }) else {
            throw ControlFailure(
                .exists, "\(address) is there already, and nothing is taken from those who use it.",
                remedy: "Name another one, or remove what was left behind.")
        }
    }

    private static let leastScratch = ByteCount.mebibytes(1)

    /// Opens the point. On the preview thread.
    private func open(_ preview: Preview, of group: ProtectedGroup) throws {
        let record = preview.record
        let store = try group.openStore()
        try wait(for: record.sequence, in: store)
        let view = try store.group.view(at: SequenceNumber(record.sequence))
        var disks: [any BlockDevice] = []
        for disk in record.disks {
            guard let device = view.disk(disk.number) else {
                throw ControlFailure(
                    .refused, "Group \(record.group) has no disk \(disk.number) any more.",
                    remedy: "End the preview: mtctl preview stop \(record.id).")
            }
            guard let limit = record.scratchBytes else {
                disks.append(device)
                continue
            }
            let scratch = try scratch(record, disk)
            disks.append(try OverlayDevice(base: device, scratch: scratch, limit: limit))
        }
        preview.show(view, disks)
    }

    /// A point is read from the disks, which have to have come that far.
    private func wait(for sequence: UInt64, in store: GroupStore) throws {
        let bell = Doorbell()
        for _ in 0..<Self.applyTries {
            let status = store.status
            if let failure = status.failure { throw failure }
            if status.applied >= sequence { return }
            // Nobody rings: it is a pause.
            _ = bell.wait(nanoseconds: Self.applyPause)
        }
        throw ControlFailure(
            .unavailable, "Point \(sequence) is not on the disks yet; \(store.status.applied) is.",
            remedy: "Try again later, or choose latest-processed.")
    }

    /// Half a minute in all: the backlog of a group that keeps up is seconds.
    private static let applyTries = 3_000
    private static let applyPause: Int64 = 10_000_000

    // MARK: Scratch

    private func scratchPath(_ id: UInt64) -> String { "\(configuration.retentionPath)/previews/\(id)" }

    private func scratch(_ record: PreviewRecord, _ disk: PreviewRecord.Disk) throws -> DirectFile {
        let path = scratchPath(record.id)
        try FolderTree.make(path)
        let folder = try DirectoryFolder(path: path)
        let name = "\(disk.number.rawValue).scratch"
        if try !folder.names().contains(name) { try folder.create(name).truncate(to: disk.size) }
        return try DirectFile(path: "\(path)/\(name)", access: .exclusive)
    }

    private func removeScratch(_ id: UInt64) throws {
        let path = scratchPath(id)
        guard FolderTree.isFolder(path) else { return }
        let folder = try DirectoryFolder(path: path)
        for name in try folder.names() { try folder.remove(name) }
        try FolderTree.removeEmpty(path)
    }

    // MARK: Listening

    private func listen(_ preview: Preview) async throws {
        guard board.withLock({ $0.isOpen }) else { return }
        let address = preview.record.listen
        let configuration = configuration
        let trust = address.isOnNetwork ? try await thread.run { try NBDTrust(configuration) } : nil
        let listener = try NBDListener(
            address.endpoint, settings: settings, trust: trust, directory: PreviewExports(board: self, of: preview),
            eventLoops: .singletonMultiThreadedEventLoopGroup, logger: logger)
        try await listener.start()
        if case .unix(let path) = address.endpoint {
            // Until here only the owner could connect: the umask takes write permission from all others.
            _ = try SocketFile.restrict(path: path, group: configuration.socketGroup)
        }
        preview.listener = listener
    }

    private func end(_ preview: Preview) async throws {
        await preview.listener?.close()
        preview.listener = nil
        preview.hide("It is ended.")
        board.withLock { _ = $0.previews.removeValue(forKey: preview.record.id) }
        try await thread.run { [self] in try forget(preview.record) }
        logger.notice("A preview was ended.", metadata: ["preview": "\(preview.record.id)"])
    }

    /// Removes what is kept of it. On the preview thread.
    private func forget(_ record: PreviewRecord) throws {
        if try records.names().contains("\(record.id)") { try records.remove("\(record.id)") }
        if record.scratchBytes != nil { try removeScratch(record.id) }
    }

    // MARK: Clients

    func list(_ preview: Preview) -> [(name: String, description: String)] {
        preview.record.disks.map { disk in
            (
                preview.exportName(disk),
                "disk \(disk.source) of group \(preview.record.group) at point \(preview.record.sequence)"
            )
        }
    }

    /// Finds a disk of a preview.
    func find(
        _ name: String, in preview: Preview, for peer: NBDPeer, then: @escaping @Sendable (NBDFinding) -> Void
    ) {
        guard let index = preview.record.disks.firstIndex(where: { preview.exportName($0) == name }) else {
            return then(.unknown("preview \(preview.record.id) has no such disk"))
        }
        guard Self.mayLook(peer, at: preview) else {
            return then(.refused("a certificate of this role may not look at previews"))
        }
        if let problem = preview.report().problem, preview.view == nil { return then(.refused(problem)) }
        let disk = preview.record.disks[index]
        then(
            .export(
                DeviceExport(
                    name: name, description: list(preview)[index].description, device: preview.disks[index],
                    isWritable: preview.record.scratchBytes != nil, workers: workers,
                    hasContext: { Self.comparedPoint($0) != nil },
                    comparison: { context in try Self.compare(preview, disk, context) })))
    }

    private static func mayLook(_ peer: NBDPeer, at preview: Preview) -> Bool {
        switch peer {
        case .local: true
        case .unnamed: false
        case .certified(let role, _, _): role == HostRole.nbdClient.rawValue || role == HostRole.operator.rawValue
        }
    }

    /// The other point of a context, by its number in history.
    private static func comparedPoint(_ context: String) -> SequenceNumber? {
        guard context.hasPrefix(DeviceExport.changedPrefix) else { return nil }
        return UInt64(context.dropFirst(DeviceExport.changedPrefix.count)).map { SequenceNumber($0) }
    }

    private static func compare(
        _ preview: Preview, _ disk: PreviewRecord.Disk, _ context: String
    ) throws -> ChangedRanges {
        guard let view = preview.view, let other = comparedPoint(context) else {
            throw ControlFailure(.unavailable, "Preview \(preview.record.id) is not open now.", remedy: "")
        }
        return try view.changes(of: disk.number, since: other)
    }
}

/// What clients of one preview's own socket find: its disks.
private struct PreviewExports: NBDDirectory {
    let board: PreviewBoard
    let preview: Preview

    init(board: PreviewBoard, of preview: Preview) {
        self.board = board
        self.preview = preview
    }

    func list(for peer: NBDPeer) -> [(name: String, description: String)] { board.list(preview) }

    func find(_ name: String, for peer: NBDPeer, then: @escaping @Sendable (NBDFinding) -> Void) {
        // Where there is one disk, the default export is that one.
        let only = preview.record.disks.count == 1 ? preview.record.disks.first : nil
        let name = name.isEmpty ? only.map { preview.exportName($0) } ?? name : name
        board.find(name, in: preview, for: peer, then: then)
    }
}
