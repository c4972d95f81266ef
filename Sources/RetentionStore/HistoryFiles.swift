// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Synchronization

/// The files of a group's history: their names and numbers, room and re-use.
///
/// A segment is made under a passing name, given its header, synced, and only then named: a segment with a proper name
/// always has a header that reads. One whose content is no longer needed is renamed and used again, so that steady
/// state writes into room that the filesystem has already given.
final class HistoryFiles: Sendable {
    enum Role: String {
        case redo
        case undo
        case epoch
        case free
    }

    private struct State {
        var nextNumber: UInt32
        var free: [String]
        var open: [String: any StoreFile] = [:]
        var openOrder: [String] = []
        var sizes: [String: ByteCount]
    }

    let folder: any StoreFolder
    let group: GroupID
    let segmentSize: ByteCount
    private let reserve: ByteCount
    private let quota: ByteCount?
    /// Sectors of each disk; empty where the disks are not known.
    private let sectors: [DiskNumber: UInt64]
    private let clock: any WallClock
    private let state: Mutex<State>

    /// Open files kept for reading; more than a point's readers touch at a time, few for a process.
    static let openFileLimit = 48
    /// Segments kept for re-use.
    static let freeFileLimit = 4

    /// - Parameters:
    ///   - reserve: Bytes of the volume that the journal leaves free.
    ///   - quota: Bytes from which on the journal starts no new segment.
    ///   - sectors: Of each disk, in 512 bytes.
    init(
        folder: any StoreFolder, group: GroupID, segmentSize: ByteCount, reserve: ByteCount, quota: ByteCount? = nil,
        sectors: [DiskNumber: UInt64] = [:], clock: any WallClock
    ) throws(DeviceError) {
        self.reserve = reserve
        self.quota = quota
        self.sectors = sectors
        self.folder = folder
        self.group = group
        self.segmentSize = segmentSize
        self.clock = clock
        var initial = State(nextNumber: 1, free: [], sizes: [:])
        for name in try folder.names() {
            if name.hasSuffix(".new") {
                try folder.remove(name)
                continue
            }
            guard let (role, number) = Self.parse(name) else { continue }
            initial.nextNumber = max(initial.nextNumber, number.rawValue == .max ? .max : number.rawValue + 1)
            initial.sizes[name] = try folder.open(name).size()
            if role == .free { initial.free.append(name) }
        }
        state = Mutex(initial)
    }

    static func name(_ role: Role, _ number: FileNumber) -> String {
        let digits = String(number.rawValue, radix: 16)
        return "\(role.rawValue)-\(String(repeating: "0", count: 8 - digits.count))\(digits)"
    }

    static func parse(_ name: String) -> (Role, FileNumber)? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let role = Role(rawValue: String(parts[0])), let value = UInt32(parts[1], radix: 16)
        else { return nil }
        // There are other ways to write a number: such a file is not one of these.
        let number = FileNumber(value)
        return Self.name(role, number) == name ? (role, number) : nil
    }

    /// The numbers of all files of a role, sorted.
    func numbers(_ role: Role) throws(DeviceError) -> [FileNumber] {
        var numbers: [FileNumber] = []
        for name in try folder.names() {
            if let (found, number) = Self.parse(name), found == role { numbers.append(number) }
        }
        return numbers.sorted()
    }

    /// Bytes of the volume that the history's files take.
    var usedBytes: ByteCount { state.withLock { $0.sizes.values.reduce(.zero, +) } }

    /// Whether an extent lies on its disk; true for a disk that is not known.
    func hasRoom(for row: StoredExtent) -> Bool {
        guard let sectors = sectors[row.address.disk] else { return true }
        return row.address.sector + UInt64(row.sectorCount) <= sectors
    }

    private func nextNumber() throws(DeviceError) -> FileNumber {
        let number = state.withLock { state -> UInt32? in
            guard state.nextNumber < .max else { return nil }
            defer { state.nextNumber += 1 }
            return state.nextNumber
        }
        guard let number else {
            throw DeviceError(
                .outOfRange, operation: "create", object: folder.path, detail: "the numbers of its files are used up")
        }
        return FileNumber(number)
    }

    /// A segment, with its header written and everything about it durable.
    func makeSegment(
        _ role: Role, first: UInt64, epoch: EpochNumber
    ) throws(DeviceError) -> (FileNumber, any StoreFile) {
        let number = try nextNumber()
        let name = Self.name(role, number)
        let file: any StoreFile
        let source: String
        if let recycled = state.withLock({ $0.free.popLast() }) {
            source = recycled
            // Its old name has to be gone for good before it says that it is another file.
            try folder.sync()
            file = try folder.open(recycled)
        } else {
            source = "\(name).new"
            if role == .redo { try checkRoom() }
            file = try folder.create(source)
            do {
                try file.allocate(segmentSize)
            } catch {
                // The room was not given: leave nothing behind. The error that counts is the first.
                try? folder.remove(source)
                throw error
            }
        }
        var header = AlignedBuffer(count: FileHeader.size)
        var span = header.mutableBytes
        FileHeader(
            kind: role == .redo ? .redo : .undo, file: number, group: group, first: first, epoch: epoch,
            created: clock.now(), length: segmentSize.rawValue
        ).encode(into: &span)
        try file.write(header.bytes, at: .zero)
        try file.sync()
        try folder.rename(source, to: name)
        try folder.sync()
        state.withLock { state in
            Self.forget(source, &state)
            state.sizes[source] = nil
            state.sizes[name] = segmentSize
            Self.remember(name, file, &state)
        }
        return (number, file)
    }

    /// Whether the journal may grow: it leaves room for what has to be written to make room, before-images, epochs and
    /// merges, and it stops when the quota is used up.
    private func checkRoom() throws(DeviceError) {
        if let quota, usedBytes > quota {
            throw DeviceError(
                .noSpace, operation: "allocate", object: folder.path,
                detail: "history takes \(usedBytes), and its quota is \(quota)")
        }
        guard try folder.freeSpace() >= reserve + segmentSize else {
            throw DeviceError(
                .noSpace, operation: "allocate", object: folder.path, detail: "less than the reserve is free")
        }
    }

    /// A file that is not a segment, empty; `finishFile` names it.
    func makeFile() throws(DeviceError) -> (FileNumber, any StoreFile) {
        let number = try nextNumber()
        return (number, try folder.create("\(Self.name(.epoch, number)).new"))
    }

    /// Takes back a file that was not finished.
    func abandonFile(_ number: FileNumber) throws(DeviceError) {
        try folder.remove("\(Self.name(.epoch, number)).new")
    }

    /// Gives a finished, synced file its name.
    func finishFile(_ role: Role, _ number: FileNumber, size: ByteCount) throws(DeviceError) {
        let name = Self.name(role, number)
        try folder.rename("\(Self.name(.epoch, number)).new", to: name)
        try folder.sync()
        state.withLock { $0.sizes[name] = size }
    }

    func open(_ role: Role, _ number: FileNumber) throws(DeviceError) -> any StoreFile {
        let name = Self.name(role, number)
        if let file = state.withLock({ $0.open[name] }) { return file }
        let file = try folder.open(name)
        state.withLock { Self.remember(name, file, &$0) }
        return file
    }

    func header(_ role: Role, _ number: FileNumber) throws -> FileHeader {
        var buffer = AlignedBuffer(count: FileHeader.size)
        var span = buffer.mutableBytes
        try open(role, number).read(into: &span, at: .zero)
        return try FileHeader(decoding: buffer.bytes)
    }

    /// Cuts the unused end off a segment that is complete.
    func trim(_ role: Role, _ number: FileNumber, to size: ByteCount) throws(DeviceError) {
        let file = try open(role, number)
        try file.truncate(to: size)
        try file.sync()
        state.withLock { $0.sizes[Self.name(role, number)] = size }
    }

    /// Lets a file go: kept for re-use where it is a whole segment and few are kept, else removed.
    func release(_ role: Role, _ number: FileNumber) throws(DeviceError) {
        let name = Self.name(role, number)
        let keep = state.withLock { state in
            Self.forget(name, &state)
            return role != .epoch && state.free.count < Self.freeFileLimit && state.sizes[name] == segmentSize
        }
        if keep {
            let freeName = Self.name(.free, number)
            try folder.rename(name, to: freeName)
            state.withLock { state in
                state.sizes[freeName] = state.sizes.removeValue(forKey: name)
                state.free.append(freeName)
            }
        } else {
            try folder.remove(name)
            state.withLock { $0.sizes[name] = nil }
        }
    }

    /// Gives back the segments kept for re-use; false when there are none.
    func removeFree() throws(DeviceError) -> Bool {
        let names = state.withLock { state in
            defer { state.free = [] }
            return state.free
        }
        for name in names {
            try folder.remove(name)
            state.withLock { $0.sizes[name] = nil }
        }
        return !names.isEmpty
    }

    private static func remember(_ name: String, _ file: any StoreFile, _ state: inout State) {
        if state.open.updateValue(file, forKey: name) == nil { state.openOrder.append(name) }
        if state.openOrder.count > openFileLimit { state.open[state.openOrder.removeFirst()] = nil }
    }

    private static func forget(_ name: String, _ state: inout State) {
        if state.open.removeValue(forKey: name) != nil { state.openOrder.removeAll { $0 == name } }
    }
}
