// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import StoragePrimitives
import Testing

@Suite struct JobBoardTests {
    private func board(_ folder: TestFolder, _ clock: TestClock = TestClock()) throws -> JobBoard {
        try JobBoard(folder: try DirectoryFolder(path: folder.path), clock: clock, logger: .silent)
    }

    @Test func `a job runs to its result, with rate and time left on the way`() async throws {
        let folder = try TestFolder()
        let clock = TestClock()
        let board = try board(folder, clock)
        let thread = DiskThread(name: "test")
        let job = board.start(.scrub, group: "g", on: thread) { progress in
            clock.advance(seconds: 10)
            progress.update(done: .mebibytes(100), total: .mebibytes(400))
            progress.message("A quarter is done.")
            return "Everything is whole."
        }
        #expect(job.state == .queued)
        let end = try #require(await board.finished(job.id))
        #expect(end.state == .done)
        #expect(end.result == "Everything is whole.")
        #expect(end.bytesPerSecond == 10 << 20)
        #expect(end.messages.map(\.text) == ["A quarter is done."])
        thread.finish()
        board.drain()
    }

    @Test func `a job that throws has failed, with a sentence`() async throws {
        let folder = try TestFolder()
        let board = try board(folder)
        let thread = DiskThread(name: "test")
        let job = board.start(.verify, group: nil, on: thread) { _ in
            throw DeviceError(.inputOutput, operation: "pread", object: "sda")
        }
        let end = try #require(await board.finished(job.id))
        #expect(end.state == .failed)
        #expect(end.failure?.code == .inputOutput)
        #expect(end.failure?.message.contains("sda") == true)
        thread.finish()
        board.drain()
    }

    @Test func `jobs survive a restart, ended or not, and one that is resumed keeps its id`() async throws {
        let folder = try TestFolder()
        let first = try board(folder)
        let thread = DiskThread(name: "test")
        let ended = first.start(.scrub, group: "g", on: thread) { _ in "Done." }
        _ = await first.finished(ended.id)
        // The thread holds the second job back, as a stop of the agent does.
        let gate = Doorbell()
        let cut = first.start(.recover, group: "g", on: thread) { _ in
            gate.wait()
            return "Late."
        }
        first.drain()

        let second = try board(folder)
        #expect(second.job(ended.id)?.state == .done)
        #expect(second.interrupted().map(\.id) == [cut.id])
        let next = DiskThread(name: "test")
        second.resume(cut.id, on: next) { _ in "Recovered." }
        #expect(await second.finished(cut.id)?.result == "Recovered.")
        #expect(second.job(cut.id)?.messages.isEmpty == false)
        let new = second.start(.scrub, group: nil, on: next) { _ in "" }
        #expect(new.id == "3")
        _ = await second.finished(new.id)
        next.finish()
        second.drain()
        gate.ring()
        thread.finish()
    }

    @Test func `a job's file that cannot be read does not keep the others away`() throws {
        let folder = try TestFolder()
        try folder.write("{", to: "7.json")
        try folder.write("not a job", to: "readme.txt")
        let board = try board(folder)
        #expect(board.list().isEmpty)
        board.drain()
    }

    @Test func `only the newest ended jobs are kept`() async throws {
        let folder = try TestFolder()
        let board = try board(folder)
        let thread = DiskThread(name: "test")
        var last = ""
        for _ in 0..<(JobBoard.keptJobs + 5) {
            last = board.start(.scrub, group: nil, on: thread) { _ in "" }.id
            _ = await board.finished(last)
        }
        thread.finish()
        board.drain()
        #expect(board.job("1") == nil)
        #expect(board.job(last) != nil)
        #expect(board.list().count <= JobBoard.keptJobs + 1)
    }
}
