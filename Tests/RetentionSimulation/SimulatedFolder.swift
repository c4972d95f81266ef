// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// A retention folder in memory: files with caches, and a directory whose changes last when it is synced.
public final class SimulatedFolder: StoreFolder {
    private struct State {
        var names: [String: SimulatedFile] = [:]
        var durableNames: [String: SimulatedFile] = [:]
        /// Directory states since the last sync: a crash leaves one of them.
        var versions: [[String: SimulatedFile]] = []
        var small: [String: [UInt8]] = [:]
        var capacity: UInt64 = .max
    }

    /// A name for messages; there is no such folder.
    public let path = "/simulated"
    private let power: SimulatedPower
    private let state = Mutex(State())

    /// An empty folder that hangs on `power`.
    public init(power: SimulatedPower) { self.power = power }

    /// A folder with the same files, from here on apart, on a supply of its own.
    public convenience init(copying other: SimulatedFolder, power: SimulatedPower) {
        self.init(power: power)
        let (names, small) = other.state.withLock { ($0.names, $0.small) }
        let copies = names.mapValues { SimulatedFile(copying: $0, power: power, folder: self) }
        state.withLock { state in
            state.names = copies
            state.durableNames = copies
            state.small = small
        }
    }

    /// Bytes that fit; more is refused with `.noSpace`.
    public func setCapacity(_ bytes: UInt64) { state.withLock { $0.capacity = bytes } }

    /// Bytes that its files take.
    public var usedBytes: UInt64 { state.withLock { Self.used($0) } }

    private static func used(_ state: State) -> UInt64 { state.names.values.reduce(0) { $0 + $1.bytes } }

    private func failure(_ operation: String, _ name: String) -> DeviceError {
        DeviceError(
            .inputOutput, operation: operation, object: name, detail: power.isOff ? "the power is off" : "injected")
    }

    private func metadata(_ operation: String, _ name: String) throws(DeviceError) {
        guard power.outcome(.metadata) == .happens else { throw failure(operation, name) }
    }

    /// Names of all files, sorted.
    public func names() throws(DeviceError) -> [String] {
        try metadata("readdir", path)
        return state.withLock { Array($0.names.keys) + $0.small.keys }.sorted()
    }

    /// Makes an empty file; whether its name lasts is decided by the next ``sync()``.
    public func create(_ name: String) throws(DeviceError) -> any StoreFile {
        try metadata("create", name)
        let file = SimulatedFile(name: name, power: power, folder: self)
        let isTaken = state.withLock { state in
            guard state.names[name] == nil else { return true }
            state.names[name] = file
            state.versions.append(state.names)
            return false
        }
        guard !isTaken else { throw DeviceError(.exists, operation: "create", object: name) }
        return file
    }

    /// Opens a file that is there.
    public func open(_ name: String) throws(DeviceError) -> any StoreFile {
        try metadata("open", name)
        guard let file = state.withLock({ $0.names[name] }) else {
            throw DeviceError(.notFound, operation: "open", object: name)
        }
        return file
    }

    /// Renames; whether that lasts is decided by the next ``sync()``.
    public func rename(_ name: String, to newName: String) throws(DeviceError) {
        try metadata("rename", name)
        let found = state.withLock { state in
            guard let file = state.names.removeValue(forKey: name) else { return false }
            state.names[newName] = file
            state.versions.append(state.names)
            return true
        }
        guard found else { throw DeviceError(.notFound, operation: "rename", object: name) }
    }

    /// Removes; whether that lasts is decided by the next ``sync()``.
    public func remove(_ name: String) throws(DeviceError) {
        try metadata("remove", name)
        let found = state.withLock { state in
            guard state.names.removeValue(forKey: name) != nil else { return false }
            state.versions.append(state.names)
            return true
        }
        guard found else { throw DeviceError(.notFound, operation: "remove", object: name) }
    }

    /// Makes every name durable as it is.
    public func sync() throws(DeviceError) {
        guard power.outcome(.sync) == .happens else { throw failure("fsync", path) }
        state.withLock { state in
            state.durableNames = state.names
            state.versions = []
        }
    }

    /// What is left of the capacity.
    public func freeSpace() throws(DeviceError) -> ByteCount {
        state.withLock { ByteCount($0.capacity - min($0.capacity, Self.used($0))) }
    }

    /// Whether a file may grow by so much.
    func grant(_ bytes: UInt64) -> Bool {
        !power.refusesRoom && state.withLock { Self.used($0) + bytes <= $0.capacity }
    }

    /// A small file, always durable.
    public func contents(of name: String, limit: Int) throws(DeviceError) -> [UInt8]? {
        try metadata("read", name)
        guard let contents = state.withLock({ $0.small[name] }) else { return nil }
        guard contents.count <= limit else { throw DeviceError(.outOfRange, operation: "read", object: name) }
        return contents
    }

    /// Replaces a small file; durable at once.
    public func replace(_ name: String, with contents: [UInt8]) throws(DeviceError) {
        try metadata("replace", name)
        state.withLock { $0.small[name] = contents }
    }

    /// The power goes: names are those of some moment since the last sync, and files lose what they had not synced.
    public func crash() {
        let files = state.withLock { state in
            let choices = [state.durableNames] + state.versions
            state.names = choices[power.random(below: choices.count)]
            state.durableNames = state.names
            state.versions = []
            return state.names.sorted { $0.key < $1.key }.map(\.value)
        }
        for file in files { file.crash() }
    }

    /// A file by name, past any fault: to damage it.
    public func damage(_ name: String, sector: Int, byte: Int) {
        state.withLock { $0.names[name] }?.rot(sector: sector, byte: byte)
    }

    /// Sectors of a file, past any fault.
    public func sectorCount(of name: String) -> Int {
        state.withLock { $0.names[name] }.map { Int($0.bytes / 512) } ?? 0
    }

    /// Names past any fault.
    public var allNames: [String] { state.withLock { $0.names.keys.sorted() } }
}

/// A file of a simulated folder.
final class SimulatedFile: StoreFile {
    let name: String
    private let media: SimulatedMedia
    private let power: SimulatedPower
    private unowned let folder: SimulatedFolder
    private let durableSectors = Mutex(0)

    init(copying other: SimulatedFile, power: SimulatedPower, folder: SimulatedFolder) {
        name = other.name
        media = SimulatedMedia(copying: other.media)
        self.power = power
        self.folder = folder
        let sectors = media.sectorCount
        durableSectors.withLock { $0 = sectors }
    }

    init(name: String, power: SimulatedPower, folder: SimulatedFolder) {
        media = SimulatedMedia()
        self.name = name
        self.power = power
        self.folder = folder
    }

    var bytes: UInt64 { UInt64(media.sectorCount) * 512 }

    private func failure(_ operation: String) -> DeviceError {
        DeviceError(
            .inputOutput, operation: operation, object: name,
            detail: power.isOff ? "the power is off" : "injected failure")
    }

    func size() throws(DeviceError) -> ByteCount { ByteCount(bytes) }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        guard offset.rawValue + UInt64(buffer.byteCount) <= bytes else {
            throw DeviceError(.shortTransfer, operation: "read", object: name, offset: offset)
        }
        guard power.outcome(.read) == .happens else { throw failure("read") }
        media.read(into: &buffer, at: offset.rawValue)
        guard power.misdirects else { return }
        // One of its sectors comes from somewhere else in the file.
        let wrong = media.sector(power.random(below: media.sectorCount))
        unsafe buffer.replace(at: power.random(below: buffer.byteCount / 512) * 512, with: wrong.span.bytes)
    }

    func write(_ content: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        precondition(offset.rawValue % 4096 == 0 && content.byteCount % 4096 == 0, "direct I/O wants whole blocks")
        let end = offset.rawValue + UInt64(content.byteCount)
        if end > bytes {
            guard folder.grant(end - bytes) else { throw DeviceError(.noSpace, operation: "write", object: name) }
            media.resize(to: Int(end / 512))
        }
        switch power.outcome(.write) {
        case .happens: media.write(content, at: offset.rawValue)
        case .torn:
            media.write(content, at: offset.rawValue, sectors: power.random(below: content.byteCount / 512 + 1))
            throw failure("write")
        case .fails: throw failure("write")
        }
    }

    func sync() throws(DeviceError) {
        guard power.outcome(.sync) == .happens else {
            if !power.isOff { media.crash(power) }
            throw failure("sync")
        }
        media.sync()
        durableSectors.withLock { $0 = media.sectorCount }
    }

    func allocate(_ size: ByteCount) throws(DeviceError) {
        guard power.outcome(.metadata) == .happens else { throw failure("allocate") }
        guard size.rawValue <= bytes || folder.grant(size.rawValue - bytes) else {
            throw DeviceError(.noSpace, operation: "allocate", object: name)
        }
        if size.rawValue > bytes { media.resize(to: size.int / 512) }
    }

    func truncate(to size: ByteCount) throws(DeviceError) {
        guard power.outcome(.metadata) == .happens else { throw failure("truncate") }
        media.resize(to: size.int / 512)
    }

    func crash() {
        media.crash(power)
        // A size that was not synced may be the old one.
        let durable = durableSectors.withLock { $0 }
        if media.sectorCount > durable, power.random(below: 2) == 0 { media.resize(to: durable) }
    }

    func rot(sector: Int, byte: Int) { media.rot(sector: sector, byte: byte) }
}
