// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import RetentionStore
import StoragePrimitives

/// A group's protected disk, to be written to: every write becomes part of the group's history.
public final class IngestExport: NBDExportedDisk {
    /// What clients see.
    public let offer: NBDExportOffer
    private let disk: GroupDisk
    private let intake: GroupIntake
    private let workers: NBDWorkers

    /// - Parameters:
    ///   - disk: The group's disk, with the target that reads are answered from.
    ///   - intake: Where the group's writes go.
    public init(name: String, description: String, disk: GroupDisk, intake: GroupIntake, workers: NBDWorkers) {
        self.disk = disk
        self.intake = intake
        self.workers = workers
        offer = NBDExportOffer(
            name: name, description: description, size: disk.size.rawValue,
            flags: [
                .hasFlags, .sendsFlush, .sendsFUA, .sendsTrim, .sendsWriteZeroes, .sendsFastZero, .sendsDF, .sendsCache,
                .canMultiConnect,
            ], minimumBlockSize: UInt32(disk.logicalBlockSize), preferredBlockSize: 64 << 10,
            maximumBlockSize: UInt32(NBDLimit.readBytes))
    }

    /// `base:allocation`.
    public func contexts(matching queries: [String]) -> [String] {
        // All of a disk that is written to counts as data.
        queries.isEmpty || queries.contains("base:") || queries.contains(DeviceExport.allocation)
            ? [DeviceExport.allocation] : []
    }

    /// Begins to serve a connection.
    public func open(_ replies: NBDReplies, terms: NBDSessionTerms) -> any NBDDiskSession {
        IngestSession(disk: disk, intake: intake, workers: workers, replies: replies, terms: terms)
    }
}

/// The requests of a connection that writes. Writes that come in one turn of the event loop go on together.
final class IngestSession: NBDDiskSession {
    private let disk: GroupDisk
    private let intake: GroupIntake
    private let replies: NBDReplies
    private let reading: DeviceWork
    private let connection: UInt64?
    private var builder: PartBuilder
    /// The write whose bytes come.
    private var write: NBDRequest?
    private var written: UInt64 = 0
    /// Requests that are in the builder and not in the group.
    private var gathered: [(cookie: UInt64, isDurableWanted: Bool)] = []
    private var isHandOverDue = false
    private var isOver = false

    init(disk: GroupDisk, intake: GroupIntake, workers: NBDWorkers, replies: NBDReplies, terms: NBDSessionTerms) {
        self.disk = disk
        self.intake = intake
        self.replies = replies
        builder = PartBuilder(pool: intake.pool)
        reading = DeviceWork(
            device: disk.target, workers: workers, replies: replies, contexts: terms.contexts, comparison: nil)
        connection = intake.attach(replies)
        if connection == nil { replies.cut("The group takes no data now.") }
    }

    func perform(_ request: NBDRequest) {
        switch request.command {
        case .read: read(request)
        case .write:
            write = request
            written = 0
        case .flush:
            // Everything that was answered has gone on before; what was not is not covered.
            handOver()
            intake.whenDurable { [replies] failure in replies.answer(request.cookie, failure) }
        case .trim: zero(request)
        case .writeZeroes:
            if !request.flags.contains(.noHole) {
                zero(request)
            } else if request.flags.contains(.fastZero) {
                replies.fail(request.cookie, .notSupported, "zeroes without a hole are as slow as a write")
            } else {
                handOver()
                fillZeroes(request, from: request.offset)
            }
        case .blockStatus: status(request)
        case .cache: replies.acknowledge(request.cookie)
        case .disconnect, .resize: replies.fail(request.cookie, .invalid, "the export does not take this command")
        }
    }

    // MARK: Writes

    func fill(_ bytes: ByteBuffer, isLast: Bool) {
        guard let request = write else { return }
        var left = bytes.readableBytesSpan
        while left.byteCount > 0 {
            // An extent holds so much at most, and its checksum covers all of it.
            let inExtent = written % UInt64(Extent.maximumDataBytes)
            if inExtent == 0 { beginExtent(request.offset + written, request.end) }
            let room = min(UInt64(Extent.maximumDataBytes) - inExtent, UInt64(request.length) - written)
            let count = min(left.byteCount, Int(room))
            builder.fill(left.extracting(first: count))
            left = left.extracting(droppingFirst: count)
            written += UInt64(count)
            if UInt64(count) == room { builder.endOwnData() }
        }
        guard isLast else { return }
        write = nil
        gathered.append((request.cookie, request.flags.contains(.fua)))
    }

    private func beginExtent(_ start: UInt64, _ end: UInt64) {
        let count = min(end - start, UInt64(Extent.maximumDataBytes))
        if !builder.hasRoom(for: Int(count)) { handOver() }
        builder.beginOwnData(
            disk: disk.number, sector: start / Sector.size, sectorCount: UInt32(count / Sector.size))
    }

    /// Trimmed or zeroed: both read as zeroes afterwards, and neither carries bytes.
    private func zero(_ request: NBDRequest) {
        if !builder.hasRoom(for: 0) { handOver() }
        builder.addZeroes(
            disk: disk.number, sector: request.offset / Sector.size,
            sectorCount: UInt32(UInt64(request.length) / Sector.size))
        gathered.append((request.cookie, request.flags.contains(.fua)))
    }

    /// Zeroes that have to take room on the target: bytes like any others, a piece in a turn of the event loop.
    private func fillZeroes(_ request: NBDRequest, from start: UInt64) {
        guard !isOver else { return }
        if intake.isHolding {
            let bound = NIOLoopBound(self, eventLoop: replies.eventLoop)
            replies.eventLoop.scheduleTask(in: .milliseconds(1)) { bound.value.fillZeroes(request, from: start) }
            return
        }
        // A write whose bytes are arriving has an extent open in the builder.
        var builder = PartBuilder(pool: intake.pool)
        let count = min(request.end - start, UInt64(Extent.maximumDataBytes))
        builder.beginOwnData(disk: disk.number, sector: start / Sector.size, sectorCount: UInt32(count / Sector.size))
        Self.zeroes.withBytes(0..<Int(count)) { builder.fill($0) }
        builder.endOwnData()
        do throws(RetentionError) {
            let sequence = try intake.append(builder.take(), from: connection)
            guard start + count == request.end else {
                let bound = NIOLoopBound(self, eventLoop: replies.eventLoop)
                return replies.eventLoop.execute { bound.value.fillZeroes(request, from: start + count) }
            }
            answer(request.cookie, isDurableWanted: request.flags.contains(.fua), sequence)
        } catch {
            replies.fail(request.cookie, .inputOutput, error.message)
        }
    }

    private static let zeroes = AlignedBuffer(count: Extent.maximumDataBytes)

    /// While the bytes of a write are still coming, what is complete waits for them a moment: fewer and larger records in
    /// the journal. A client whose bytes stop coming is answered all the same.
    func turnEnded() {
        guard write != nil else { return handOver() }
        guard !isHandOverDue, !gathered.isEmpty else { return }
        isHandOverDue = true
        let bound = NIOLoopBound(self, eventLoop: replies.eventLoop)
        replies.eventLoop.scheduleTask(in: Self.gatheringTime) {
            bound.value.isHandOverDue = false
            bound.value.handOver()
        }
    }

    private static let gatheringTime = TimeAmount.milliseconds(2)

    /// Everything that is complete goes to the group, and is answered.
    private func handOver() {
        guard !builder.isEmpty || !gathered.isEmpty else { return }
        let done = gathered
        gathered = []
        do throws(RetentionError) {
            let part = builder.take()
            let sequence = try intake.append(part, from: connection)
            for (cookie, isDurableWanted) in done { answer(cookie, isDurableWanted: isDurableWanted, sequence) }
        } catch {
            for (cookie, _) in done { replies.fail(cookie, .inputOutput, error.message) }
            // A part of a write may be lost whose cookie is not known yet.
            if write != nil { replies.cut(error.message) }
        }
    }

    private func answer(_ cookie: UInt64, isDurableWanted: Bool, _ sequence: UInt64) {
        guard isDurableWanted else { return replies.acknowledge(cookie) }
        intake.whenDurable(sequence) { [replies] failure in replies.answer(cookie, failure) }
    }

    // MARK: Reads

    private func read(_ request: NBDRequest) {
        handOver()
        let sectors = request.offset / Sector.size..<request.end / Sector.size
        intake.whenApplied(disk.number, sectors) { [reading, replies] failure in
            if let failure { return replies.fail(request.cookie, failure.error, failure.message) }
            ReadRun(work: reading, request: request).next(at: request.offset)
        }
    }

    private func status(_ request: NBDRequest) {
        guard let context = reading.contexts.first else {
            return replies.fail(request.cookie, .invalid, "no metadata context was negotiated")
        }
        replies.status(
            request.cookie, context: context.number, extents: [NBDExtent(length: request.length, flags: [])],
            isLast: true)
    }

    func ended() {
        isOver = true
        // What came whole is kept: the client may count on what it was not answered as little as on a disk's.
        handOver()
        if let connection { intake.detach(connection) }
        reading.end()
    }
}

extension NBDReplies {
    fileprivate func answer(_ cookie: UInt64, _ failure: IntakeFailure?) {
        if let failure { fail(cookie, failure.error, failure.message) } else { acknowledge(cookie) }
    }
}
