// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import LinuxSystem
import StoragePrimitives
import Testing

@Suite struct RootedTreeTests {
    @Test func `links, absolute ones and those that climb, are followed inside the tree`() throws {
        let folder = try TemporaryFolder()
        let tree = RootedTree(root: folder.path + "/")
        try tree.replaceFile("/real", with: Array("inside".utf8), mode: 0o600)
        for (name, target) in [("absolute", "/real"), ("climbing", "../../../../real"), ("twice", "absolute")] {
            #expect(unsafe symlink(target, "\(folder.path)/\(name)") == 0)
            #expect(try tree.text("/\(name)") == "inside")
            #expect(try tree.resolved("/\(name)") == "/real")
        }
        #expect(try tree.text("/../../real") == "inside")
        #expect(unsafe symlink("/etc/passwd", "\(folder.path)/outside") == 0)
        #expect(try tree.text("/outside") == nil)
        #expect(try tree.resolved("/outside/x/../y") == "/etc/passwd/y")
        #expect(unsafe symlink("circle", "\(folder.path)/circle") == 0)
        #expect(throws: DeviceError.self) { try tree.entry("/circle") }
    }

    @Test func `a pipe and a file that is too large are refused, not waited for`() throws {
        let folder = try TemporaryFolder()
        let tree = RootedTree(root: folder.path)
        #expect(unsafe mkfifo("\(folder.path)/pipe", 0o600) == 0)
        #expect(throws: DeviceError.self) { try tree.contents("/pipe", limit: 10) }
        #expect(try tree.entry("/pipe")?.kind == .other)
        try tree.replaceFile("/file", with: [UInt8](repeating: 1, count: 11), mode: 0o640)
        #expect(throws: DeviceError.self) { try tree.contents("/file", limit: 10) }
        #expect(try tree.contents("/file", limit: 11)?.count == 11)
        #expect(try tree.contents("/none/at/all", limit: 1) == nil)
        #expect(try tree.contents("/file/below", limit: 1) == nil)
    }

    @Test func `rights are exact, whatever the mask, and replacing goes through a temporary file`() throws {
        let folder = try TemporaryFolder()
        let tree = RootedTree(root: folder.path)
        try tree.replaceFile("/file", with: [1], mode: 0o666)
        #expect(try tree.entry("/file")?.mode == 0o666)
        try tree.replaceFile("/file" + RootedTree.temporarySuffix, with: [9, 9, 9], mode: 0o600)
        try tree.replaceFile("/file", with: [2], mode: 0o755)
        #expect(try tree.contents("/file", limit: 9) == [2])
        #expect(try tree.names("/") == ["file"])
        #expect(try tree.program("file", in: ["/nowhere", "/"]) == "//file")
        #expect(try tree.removeFile("/file"))
        #expect(try !tree.removeFile("/file"))
        #expect(try tree.space("/").total > .zero)
    }

    @Test func `the kernel's clock answers`() throws {
        #expect(try KernelClock().largestError >= 0)
    }
}
