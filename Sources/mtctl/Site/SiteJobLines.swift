// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// What is new in a job from one look to the next, line by line. No I/O.
struct SiteJobLines {
    /// What was told of each step, by its place.
    private var told: [SiteJobStep.State]
    /// Tenths of a step that were told.
    private var tenths: Int?
    private var attempt: Int

    init(_ job: SiteJobReport) {
        told = job.steps.map { _ in .waiting }
        attempt = job.attempt
    }

    /// - Parameter isLive: Progress is seen elsewhere, so that lines are of steps that ended alone.
    mutating func new(in job: SiteJobReport, isLive: Bool, _ console: Console) -> [String] {
        if job.attempt != attempt || job.steps.count != told.count { self = SiteJobLines(job) }
        var lines: [String] = []
        for (place, step) in job.steps.enumerated() {
            let isNew = told[place] != step.state
            told[place] = step.state
            switch step.state {
            case .waiting: break
            case .done, .skipped, .failed:
                if isNew { lines.append(Self.line(step, console)) }
            case .running:
                guard !isLive else { break }
                if isNew {
                    tenths = nil
                    lines.append(Self.line(step, console))
                }
                guard let percent = SiteWords.percent(step), percent / 10 != tenths else { break }
                tenths = percent / 10
                lines.append("\(Self.indent)\(percent) %, \(Self.amount(step))")
            }
        }
        return lines
    }

    private static let width = SiteJobStep.Kind.allCases.map { SiteWords.step($0).count }.max() ?? 0
    private static let indent = String(repeating: " ", count: width + 4)

    /// `✓ place        on mt-1, through ps-1 (3 s)`
    static func line(_ step: SiteJobStep, _ console: Console) -> String {
        let mark =
            switch step.state {
            case .waiting: " "
            case .running: "▸"
            case .done: console.colored("✓", .green)
            case .skipped: "-"
            case .failed: console.colored("✗", .red)
            }
        let name = SiteWords.step(step.kind)
        var text = step.message ?? (step.state == .skipped ? "Not needed." : "")
        if let started = step.started, let ended = step.ended {
            let seconds = UInt64(max(0, ended.timestamp.nanoseconds(since: started.timestamp)) / 1_000_000_000)
            if seconds > 0 { text += "\(text.isEmpty ? "" : " ")(\(Quantity.describe(seconds: seconds)))" }
        }
        let head = "\(mark) \(name)"
        return text.isEmpty ? head : head + String(repeating: " ", count: width - name.count + 2) + text
    }

    /// `1.2 GiB of 4 GiB, 3 min left`
    private static func amount(_ step: SiteJobStep) -> String {
        var text = step.doneBytes.map { "\($0)" } ?? ""
        if let total = step.totalBytes { text += " of \(total)" }
        if let left = step.secondsLeft { text += ", \(Quantity.describe(seconds: left)) left" }
        return text
    }

    /// The line of a terminal that changes while a job goes on.
    static func live(_ job: SiteJobReport, width: Int) -> String {
        guard let step = job.steps.first(where: { $0.state == .running }) else { return "" }
        let head = "▸ \(SiteWords.step(step.kind)) "
        guard let percent = SiteWords.percent(step) else { return String((head + (step.message ?? "")).prefix(width)) }
        let tail = " \(percent) %  \(amount(step))"
        let room = min(30, width - head.count - tail.count - 2)
        guard room >= 5 else { return String((head + tail).prefix(width)) }
        let filled = percent * room / 100
        return head + "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: room - filled) + "]"
            + tail
    }
}
