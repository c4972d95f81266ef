// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import LinuxSystem
import Testing

@Suite struct ProcessFiguresTests {
    // A line of /proc/self/stat of Linux 6.1, with a name as hostile as it can be.
    private static let line = """
        4711 (a) (b c)) S 1 4711 4711 0 -1 4194560 2000 0 3 0 150 50 0 0 20 0 7 0 300000 1048576000 5000 18446744073709551615 1 \
        1 0 0 0 0 0 4096 1088 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0

        """

    private func read(_ line: String) -> ProcessFigures? {
        ProcessFigures(stat: line, ticks: 100, page: 4096, bootSeconds: 1000)
    }

    @Test func `the fields are those of the man page`() throws {
        let figures = try #require(read(Self.line))
        #expect(figures.startSeconds == 4000)
        #expect(figures.processorSeconds == 2)
        #expect(figures.threads == 7)
        #expect(figures.virtualBytes == 1_048_576_000)
        #expect(figures.residentBytes == 5000 * 4096)
    }

    @Test func `what is no such line is nothing, however it is cut`() {
        for count in 0...Self.line.count { _ = read(String(Self.line.prefix(count))) }
        for text in ["", ")", "1 (a)", "1 (a) S", "1 (a) S x x x x x x x x x x x x x x x x x x x x x x x"] {
            #expect(read(text) == nil)
        }
    }

    @Test func `this process is seen as others see it`() throws {
        let figures = try #require(ProcessFigures.now())
        #expect(abs(figures.startSeconds - Date().timeIntervalSince1970) < 86400 * 365)
        #expect(figures.startSeconds <= Date().timeIntervalSince1970 + 1)
        #expect(figures.residentBytes > 1 << 20)
        #expect(figures.virtualBytes >= figures.residentBytes)
        #expect(figures.threads >= 1)
        #expect(try #require(figures.openDescriptors) >= 3)
        #expect(try #require(figures.maximumDescriptors) >= 3)
        #expect(try #require(ProcessFigures.now()).processorSeconds >= figures.processorSeconds)
    }

    @Test func `a work folder is this user's alone, and goes with what is in it`() throws {
        var folder: WorkFolder? = try WorkFolder()
        let path = try #require(folder?.path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        let outside = try WorkFolder()
        try Data("x".utf8).write(to: URL(filePath: "\(outside.path)/kept"))
        try FileManager.default.createDirectory(atPath: "\(path)/a/b", withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(filePath: "\(path)/a/b/c"))
        try FileManager.default.createSymbolicLink(atPath: "\(path)/a/link", withDestinationPath: outside.path)
        folder?.remove()
        #expect(!FileManager.default.fileExists(atPath: path))
        folder = nil
        #expect(FileManager.default.fileExists(atPath: "\(outside.path)/kept"))
    }
}
