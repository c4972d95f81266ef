// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import FoundationEssentials
import LinuxSystem
import Logging
import StoragePrimitives
import Synchronization

/// A folder of a test, removed with it.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/mt-test-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // What cannot be removed is left in /tmp.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(path)/\(name)")), as: UTF8.self)
    }

    /// Changes a text file.
    func replace(in name: String, _ change: (String) throws -> String) throws {
        try write(try change(try read(name)), to: name)
    }

    /// What is in a folder.
    func names(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)").sorted()
    }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: "\(path)/\(name)")) }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
        return (attributes[.posixPermissions] as? Int) ?? -1
    }

    /// An image file of `size` zeroes.
    func makeImage(_ name: String, _ size: ByteCount) throws {
        let folder = try DirectoryFolder(path: path)
        let file = try folder.create(name)
        try file.truncate(to: size)
    }
}

/// A clock that stands still until it is moved.
final class TestClock: WallClock {
    private let time = Mutex(Timestamp.seconds(1_795_228_454))
    func now() -> Timestamp { time.withLock { $0 } }
    func advance(seconds: Int64) { time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) } }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
