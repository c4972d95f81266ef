// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionSimulation
import StoragePrimitives
import Testing

/// What the retention store may expect of every folder, real and simulated.
struct StoreFolderComplianceTests {
    enum Kind: CaseIterable {
        case directory
        case simulated
    }

    /// Runs `body` with a folder that is there until it returns.
    private func withFolder(_ kind: Kind, _ body: (any StoreFolder) throws -> Void) throws {
        switch kind {
        case .directory:
            let temporary = try TemporaryFolder()
            try body(DirectoryFolder(path: temporary.path))
            withExtendedLifetime(temporary) {}
        case .simulated:
            let folder = SimulatedFolder(power: SimulatedPower(seed: 1))
            try body(folder)
            withExtendedLifetime(folder) {}
        }
    }

    private func read(_ file: any StoreFile, _ count: Int, at offset: UInt64 = 0) throws -> [UInt8] {
        var buffer = AlignedBuffer(count: count)
        var span = buffer.mutableBytes
        try file.read(into: &span, at: ByteOffset(offset))
        return copy(buffer)
    }

    private func code(_ body: () throws -> Void) -> DeviceError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? DeviceError)?.code
        }
    }

    @Test(arguments: Kind.allCases)
    func `a file that was made is empty and listed`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            #expect(try folder.names().isEmpty)
            let file = try folder.create("redo-00000001")
            #expect(try file.size() == .zero)
            #expect(try folder.names() == ["redo-00000001"])
            #expect(file.name.hasSuffix("redo-00000001"))
        }
    }

    @Test(arguments: Kind.allCases)
    func `two pieces of memory are written behind each other`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            let file = try folder.create("a")
            try file.allocate(.kibibytes(64))
            let head = filled(4096, with: 1)
            let tail = filled(16_384, with: 2)
            try file.write(head.bytes, tail.bytes, at: ByteOffset(8192))
            #expect(try read(file, 4096, at: 4096).allSatisfy { $0 == 0 })
            #expect(try read(file, 4096, at: 8192).allSatisfy { $0 == 1 })
            #expect(try read(file, 16_384, at: 12_288).allSatisfy { $0 == 2 })
            #expect(try read(file, 4096, at: 28_672).allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: Kind.allCases)
    func `a name is taken once, and what is not there is not found`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            _ = try folder.create("a")
            #expect(code { _ = try folder.create("a") } == .exists)
            #expect(code { _ = try folder.open("b") } == .notFound)
            #expect(code { try folder.remove("b") } == .notFound)
            #expect(code { try folder.rename("b", to: "c") } == .notFound)
        }
    }

    @Test(arguments: Kind.allCases)
    func `what is written is read back, through another opening too`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            let file = try folder.create("a")
            let block = filled(8192, with: 7)
            try file.write(block.bytes, at: ByteOffset(4096))
            try file.sync()
            #expect(try file.size() == ByteCount(12_288))
            #expect(
                try read(folder.open("a"), 12_288) == [UInt8](repeating: 0, count: 4096)
                    + [UInt8](repeating: 7, count: 8192))
        }
    }

    @Test(arguments: Kind.allCases)
    func `a read past the end is a short transfer`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            let file = try folder.create("a")
            #expect(code { _ = try read(file, 4096) } == .shortTransfer)
            try file.allocate(ByteCount(4096))
            #expect(code { _ = try read(file, 8192) } == .shortTransfer)
            #expect(code { _ = try read(file, 4096, at: 4096) } == .shortTransfer)
            #expect(try read(file, 4096) == [UInt8](repeating: 0, count: 4096))
        }
    }

    @Test(arguments: Kind.allCases)
    func `room that was reserved reads as zeroes and is never taken away by reserving less`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            let file = try folder.create("a")
            try file.allocate(ByteCount(65_536))
            #expect(try file.size() == ByteCount(65_536))
            #expect(try read(file, 65_536).allSatisfy { $0 == 0 })
            try file.allocate(ByteCount(4096))
            #expect(try file.size() == ByteCount(65_536))
        }
    }

    @Test(arguments: Kind.allCases)
    func `a file is cut`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            let file = try folder.create("a")
            try file.write(filled(12_288, with: 1).bytes, at: .zero)
            try file.truncate(to: ByteCount(4096))
            #expect(try file.size() == ByteCount(4096))
            #expect(try read(file, 4096) == [UInt8](repeating: 1, count: 4096))
        }
    }

    @Test(arguments: Kind.allCases)
    func `a rename replaces what has the new name, and an open file goes with it`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            let file = try folder.create("a")
            try file.write(filled(4096, with: 1).bytes, at: .zero)
            try folder.create("b").write(filled(4096, with: 2).bytes, at: .zero)
            try folder.rename("a", to: "b")
            try folder.sync()
            #expect(try folder.names() == ["b"])
            #expect(try read(folder.open("b"), 4096).first == 1)
            try file.write(filled(4096, with: 3).bytes, at: .zero)
            #expect(try read(folder.open("b"), 4096).first == 3)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a file that was removed is gone for who comes later`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            _ = try folder.create("a")
            try folder.remove("a")
            #expect(try folder.names().isEmpty)
            #expect(code { _ = try folder.open("a") } == .notFound)
            _ = try folder.create("a")
        }
    }

    @Test(arguments: Kind.allCases)
    func `a small file is replaced as a whole`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            #expect(try folder.contents(of: "manifest", limit: 100) == nil)
            try folder.replace("manifest", with: [1, 2, 3])
            #expect(try folder.contents(of: "manifest", limit: 100) == [1, 2, 3])
            try folder.replace("manifest", with: [])
            #expect(try folder.contents(of: "manifest", limit: 100) == [])
            #expect(try folder.names() == ["manifest"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a small file that is larger than it may be is refused`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            try folder.replace("manifest", with: [1, 2, 3])
            #expect(try folder.contents(of: "manifest", limit: 3) == [1, 2, 3])
            #expect(code { _ = try folder.contents(of: "manifest", limit: 2) } == .outOfRange)
        }
    }

    @Test(arguments: Kind.allCases)
    func `there is room`(kind: Kind) throws {
        try withFolder(kind) { (folder) throws in
            #expect(try folder.freeSpace() > .zero)
        }
    }
}
