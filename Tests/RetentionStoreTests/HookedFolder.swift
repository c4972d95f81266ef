// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// A folder that calls a test back in the middle of a sync.
final class HookedFolder: StoreFolder {
    private let folder: any StoreFolder
    private let hook: Hook

    final class Hook: Sendable {
        private let body = Mutex<(@Sendable (String) -> Void)?>(nil)
        /// Called with the name of each file before it is synced.
        func set(_ body: (@Sendable (String) -> Void)?) { self.body.withLock { $0 = body } }
        func call(_ name: String) {
            let body = body.withLock { $0 }
            body?(name)
        }
    }

    init(_ folder: any StoreFolder, hook: Hook) {
        self.folder = folder
        self.hook = hook
    }

    var path: String { folder.path }
    func names() throws(DeviceError) -> [String] { try folder.names() }
    func create(_ name: String) throws(DeviceError) -> any StoreFile { HookedFile(try folder.create(name), hook: hook) }
    func open(_ name: String) throws(DeviceError) -> any StoreFile { HookedFile(try folder.open(name), hook: hook) }
    func rename(_ name: String, to newName: String) throws(DeviceError) { try folder.rename(name, to: newName) }
    func remove(_ name: String) throws(DeviceError) { try folder.remove(name) }
    func sync() throws(DeviceError) { try folder.sync() }
    func freeSpace() throws(DeviceError) -> ByteCount { try folder.freeSpace() }
    func contents(of name: String, limit: Int) throws(DeviceError) -> [UInt8]? {
        try folder.contents(of: name, limit: limit)
    }
    func replace(_ name: String, with contents: [UInt8]) throws(DeviceError) {
        try folder.replace(name, with: contents)
    }

    private final class HookedFile: StoreFile {
        private let file: any StoreFile
        private let hook: Hook

        init(_ file: any StoreFile, hook: Hook) {
            self.file = file
            self.hook = hook
        }

        var name: String { file.name }
        func size() throws(DeviceError) -> ByteCount { try file.size() }
        @_lifetime(buffer: copy buffer)
        func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
            try file.read(into: &buffer, at: offset)
        }
        func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) { try file.write(bytes, at: offset) }
        func sync() throws(DeviceError) {
            hook.call(file.name)
            try file.sync()
        }
        func allocate(_ size: ByteCount) throws(DeviceError) { try file.allocate(size) }
        func truncate(to size: ByteCount) throws(DeviceError) { try file.truncate(to: size) }
    }
}
