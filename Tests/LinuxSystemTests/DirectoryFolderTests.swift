// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Testing

struct DirectoryFolderTests {
    @Test func `a folder is made where it is asked for, and found again`() throws {
        let temporary = try TemporaryFolder()
        // A file's name serves as a folder's here: it goes with the temporary folder.
        let error = #expect(throws: DeviceError.self) { _ = try DirectoryFolder(path: "\(temporary.path)/none") }
        #expect(error?.code == .notFound)
        _ = try DirectoryFolder(path: temporary.path, create: true)
        _ = try temporary.image("file", bytes: 512)
        let notAFolder = #expect(throws: DeviceError.self) { _ = try DirectoryFolder(path: "\(temporary.path)/file") }
        #expect(notAFolder?.code == .notFound)
    }

    @Test func `a replacement leaves no other file, and what a crash left of one is overwritten`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DirectoryFolder(path: temporary.path)
        _ = try temporary.image("manifest.new", bytes: 4096)
        try folder.replace("manifest", with: [1, 2, 3])
        #expect(try folder.names() == ["manifest"])
        #expect(try folder.contents(of: "manifest", limit: 10) == [1, 2, 3])
    }

    @Test
    func `files are written directly, so that memory which is not aligned is refused where the filesystem is direct`()
        throws
    {
        let temporary = try TemporaryFolder()
        let file = try DirectoryFolder(path: temporary.path).create("a")
        // Some filesystems have no direct I/O; there it is an ordinary write.
        let buffer = filled(4096, with: 1)
        do {
            try file.write(buffer.bytes.extracting(0..<100), at: .zero)
        } catch {
            #expect(error.code == .outOfRange)
        }
    }
}
