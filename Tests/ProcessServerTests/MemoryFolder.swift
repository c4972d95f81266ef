// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// A folder in memory that stops at a chosen change and can lose what was not synced.
final class MemoryFolder: StoreFolder {
    struct Contents: Sendable {
        /// What is there, and what a crash leaves of it.
        var files: [String: [UInt8]] = [:]
        var durable: [String: [UInt8]] = [:]
        /// Changes until everything fails; nil for never.
        var changesLeft: Int?
        var changes = 0
    }

    let contents: Mutex<Contents>
    var path: String { "memory" }

    init(_ files: [String: [UInt8]] = [:], changesLeft: Int? = nil) {
        contents = Mutex(Contents(files: files, durable: files, changesLeft: changesLeft))
    }

    var changes: Int { contents.withLock { $0.changes } }

    /// The folder that a machine finds after it lost power: all, or only what was synced.
    func afterCrash(keepingUnsynced: Bool) -> MemoryFolder {
        MemoryFolder(contents.withLock { keepingUnsynced ? $0.files : $0.durable })
    }

    /// Makes a change; `body` answers what is wrong with it.
    func change(_ body: @Sendable (inout Contents) -> DeviceError?) throws(DeviceError) {
        let failure = contents.withLock { contents -> DeviceError? in
            if let left = contents.changesLeft {
                guard left > 0 else { return DeviceError(.inputOutput, operation: "crash", object: "memory") }
                contents.changesLeft = left - 1
            }
            contents.changes += 1
            return body(&contents)
        }
        if let failure { throw failure }
    }

    private static func missing(_ name: String) -> DeviceError {
        DeviceError(.notFound, operation: "open", object: name)
    }

    func names() throws(DeviceError) -> [String] { contents.withLock { Array($0.files.keys) } }

    func create(_ name: String) throws(DeviceError) -> any StoreFile {
        try change { contents in
            guard contents.files[name] == nil else {
                return DeviceError(.exists, operation: "open", object: name)
            }
            contents.files[name] = []
            return nil
        }
        return MemoryFile(name: name, folder: self)
    }

    func open(_ name: String) throws(DeviceError) -> any StoreFile {
        guard contents.withLock({ $0.files[name] }) != nil else { throw Self.missing(name) }
        return MemoryFile(name: name, folder: self)
    }

    func rename(_ name: String, to newName: String) throws(DeviceError) {
        try change { contents in
            guard let bytes = contents.files.removeValue(forKey: name) else { return Self.missing(name) }
            contents.files[newName] = bytes
            return nil
        }
    }

    func remove(_ name: String) throws(DeviceError) {
        try change { contents in
            contents.files[name] = nil
            return nil
        }
    }

    func sync() throws(DeviceError) {
        try change { contents in
            // Names become durable with what of their contents was synced; a file renamed keeps its synced contents.
            contents.durable = contents.files
            return nil
        }
    }

    func freeSpace() throws(DeviceError) -> ByteCount { .gibibytes(1) }

    func contents(of name: String, limit: Int) throws(DeviceError) -> [UInt8]? { contents.withLock { $0.files[name] } }

    func replace(_ name: String, with bytes: [UInt8]) throws(DeviceError) {
        try change { contents in
            contents.files[name] = bytes
            contents.durable[name] = bytes
            return nil
        }
    }
}

final class MemoryFile: StoreFile {
    let name: String
    private let folder: MemoryFolder

    init(name: String, folder: MemoryFolder) {
        self.name = name
        self.folder = folder
    }

    func size() throws(DeviceError) -> ByteCount {
        ByteCount(folder.contents.withLock { $0.files[name]?.count ?? 0 })
    }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        let bytes = folder.contents.withLock { $0.files[name] ?? [] }
        let start = Int(offset.rawValue)
        guard start + buffer.byteCount <= bytes.count else {
            throw DeviceError(.shortTransfer, operation: "pread", object: name)
        }
        for index in 0..<buffer.byteCount {
            buffer.storeBytes(of: bytes[start + index], toByteOffset: index, as: UInt8.self)
        }
    }

    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        let name = name
        let start = Int(offset.rawValue)
        let copy = bytes.copied
        try folder.change { contents in
            var file = contents.files[name] ?? []
            if file.count < start + copy.count {
                file.append(contentsOf: [UInt8](repeating: 0, count: start + copy.count - file.count))
            }
            file.replaceSubrange(start..<start + copy.count, with: copy)
            contents.files[name] = file
            return nil
        }
    }

    func sync() throws(DeviceError) {
        let name = name
        try folder.change { contents in
            contents.durable[name] = contents.files[name]
            return nil
        }
    }

    func allocate(_ size: ByteCount) throws(DeviceError) {
        let name = name
        try folder.change { contents in
            let file = contents.files[name] ?? []
            contents.files[name] = file + [UInt8](repeating: 0, count: max(0, size.int - file.count))
            return nil
        }
    }

    func truncate(to size: ByteCount) throws(DeviceError) {
        let name = name
        try folder.change { contents in
            contents.files[name] = Array((contents.files[name] ?? []).prefix(size.int))
            return nil
        }
    }
}

extension RawSpan {
    /// The bytes as an array.
    var copied: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(byteCount)
        for index in 0..<byteCount { result.append(unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
        return result
    }
}
