// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import NBDServer
import RetentionFormat
import RetentionStore
import StoragePrimitives
import Synchronization

/// What is kept of a preview, so that it is there again after a start.
struct PreviewRecord: Hashable, Sendable, Codable {
    struct Disk: Hashable, Sendable, Codable {
        var number: DiskNumber
        var source: String
        var size: ByteCount
        var logicalBlockSize: UInt32
    }

    /// The largest file: a group's disks, and their names.
    static let maximumFileBytes = 1 << 20

    var id: UInt64
    var group: String
    var point: PointReference
    var sequence: UInt64
    var time: DateTime
    var accuracy: PointAccuracy
    var created: DateTime
    var listen: PreviewAddress
    var scratchBytes: ByteCount?
    /// It ends when nobody looks at it any more.
    var isPassing: Bool
    var disks: [Disk]
}

/// A recovery point of a group that is served to NBD clients: all of its disks, while replication goes on.
///
/// Its disks are there as long as the preview is; what they show is taken away while the group's history is not open,
/// and then reads fail rather than show something else.
final class Preview: Sendable {
    /// What its exports' names begin with; no group's name can.
    static let namePrefix = "preview:"

    private struct State {
        var listener: NBDListener?
        var view: PointInTimeView?
        var problem: String? = "It is being opened."
        /// Looks at a group in a row at which it had no room.
        var looksWithoutRoom = 0
        /// It gave way, and does not come back.
        var isOver = false
        /// Looks in a row at which a passing one had no client.
        var looksAlone = 0
    }

    let record: PreviewRecord
    let disks: [ExchangeableDisk]
    private let state = Mutex(State())

    init(_ record: PreviewRecord) {
        self.record = record
        disks = record.disks.map { disk in
            ExchangeableDisk(
                name: "\(Self.namePrefix)\(record.id)/\(disk.source)", size: disk.size,
                logicalBlockSize: Int(disk.logicalBlockSize))
        }
    }

    /// Shows the point from now on.
    func show(_ view: PointInTimeView, _ disks: [any BlockDevice]) {
        for (place, disk) in zip(self.disks, disks) { place.use(disk) }
        state.withLock {
            $0.view = view
            $0.problem = nil
        }
    }

    /// Shows nothing, for a reason.
    func hide(_ problem: String) {
        for disk in disks { disk.use(nil) }
        state.withLock {
            $0.view = nil
            $0.problem = problem
        }
    }

    var isShowing: Bool { state.withLock { $0.view != nil } }

    var view: PointInTimeView? { state.withLock { $0.view } }

    /// Another look at which the group had room, or none; how often in a row it had none.
    func note(hasRoom: Bool) -> Int {
        state.withLock { state in
            state.looksWithoutRoom = hasRoom ? 0 : state.looksWithoutRoom + 1
            return state.looksWithoutRoom
        }
    }

    var isOver: Bool {
        get { state.withLock { $0.isOver } }
        set { state.withLock { $0.isOver = newValue } }
    }

    /// Another look at it; whether it is a passing one whose client has gone, or never came.
    var isLeft: Bool {
        guard record.isPassing else { return false }
        return state.withLock { state in
            state.looksAlone = state.listener?.connectionCount ?? 0 > 0 ? 0 : state.looksAlone + 1
            return state.looksAlone >= Self.looksUntilLeft
        }
    }

    /// Half a minute: a copy of several disks connects for each.
    private static let looksUntilLeft = 30

    var listener: NBDListener? {
        get { state.withLock { $0.listener } }
        set { state.withLock { $0.listener = newValue } }
    }

    func exportName(_ disk: PreviewRecord.Disk) -> String { "\(Self.namePrefix)\(record.id)/\(disk.source)" }

    func report() -> PreviewReport {
        let (problem, listener) = state.withLock { ($0.problem, $0.listener) }
        var report = PreviewReport(
            id: "\(record.id)", group: record.group, point: record.point, sequence: record.sequence, time: record.time,
            accuracy: record.accuracy, created: record.created, listen: record.listen.description,
            scratchBytes: record.scratchBytes,
            disks: record.disks.map { disk in
                .init(source: disk.source, sizeBytes: disk.size, uri: record.listen.uri(of: exportName(disk)))
            })
        report.problem = problem ?? (listener == nil ? "It does not listen." : nil)
        report.isServing = report.problem == nil
        report.connections = listener?.connectionCount ?? 0
        return report
    }
}

/// A disk's place, in which different devices may stand: what clients hold on to while the device comes and goes.
final class ExchangeableDisk: BlockDevice {
    let name: String
    let size: ByteCount
    let logicalBlockSize: Int
    private let device = Mutex<(any BlockDevice)?>(nil)

    init(name: String, size: ByteCount, logicalBlockSize: Int) {
        self.name = name
        self.size = size
        self.logicalBlockSize = logicalBlockSize
    }

    func use(_ device: (any BlockDevice)?) { self.device.withLock { $0 = device } }

    private func held() throws(DeviceError) -> any BlockDevice {
        guard let device = device.withLock({ $0 }) else {
            throw DeviceError(
                .inputOutput, operation: "access", object: name, detail: "the point is not open; mtctl preview list")
        }
        return device
    }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        try held().read(into: &buffer, at: offset)
    }

    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) { try held().write(bytes, at: offset) }

    func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        try held().writeZeroes(at: offset, count: count)
    }

    func flush() throws(DeviceError) { try held().flush() }

    func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        try held().firstDataRange(in: range)
    }
}
