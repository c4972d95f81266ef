// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import StoragePrimitives

/// Follows a job to its end: a bar on a terminal, lines of JSON with `--json`, messages and the result otherwise.
struct JobFollower {
    let client: ControlClient
    let json: Bool
    let console = Console.current

    /// Often enough for a bar that moves, seldom enough to cost nothing.
    private static let interval = Duration.milliseconds(200)

    /// - Throws: The job's failure.
    func follow(_ first: JobReport) async throws {
        var job = first
        var shownMessages = 0
        var shown: JobReport?
        while true {
            if json, job != shown {
                console.json(job)
            } else if !json {
                shownMessages = show(job, after: shownMessages)
            }
            shown = job
            if job.state.isFinal { break }
            try await console.pause(Self.interval)
            job = try await client.get(ControlPath.job(job.id))
        }
        if !json, console.isTerminal { console.write("\r\u{1B}[K") }
        if let failure = job.failure { throw failure }
        if !json { console.print(job.result ?? "Done.") }
    }

    /// What is new; the number of messages that were shown by now.
    private func show(_ job: JobReport, after shown: Int) -> Int {
        for message in job.messages.dropFirst(shown) {
            if console.isTerminal { console.write("\r\u{1B}[K") }
            console.print("\(LocalTime.describe(message.time.timestamp))  \(message.text)")
        }
        if console.isTerminal { console.write("\r\u{1B}[K" + ProgressLine.text(job, width: console.width - 1)) }
        return job.messages.count
    }
}

/// The line of a job under way.
enum ProgressLine {
    static func text(_ job: JobReport, width: Int) -> String {
        var tail = " \(job.doneBytes)"
        if let total = job.totalBytes { tail += " of \(total)" }
        if let rate = job.bytesPerSecond { tail += ", \(ByteCount(rate))/s" }
        if let left = job.secondsLeft, job.state == .running { tail += ", \(Quantity.describe(seconds: left)) left" }
        let head = "\(job.kind.rawValue) "
        let room = min(40, width - head.count - tail.count - 2)
        guard let total = job.totalBytes, total > .zero, room >= 8 else { return String((head + tail).prefix(width)) }
        let part = min(1, Double(job.doneBytes.rawValue) / Double(total.rawValue))
        let filled = Int(part * Double(room))
        return head + "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: room - filled) + "]"
            + tail
    }
}
