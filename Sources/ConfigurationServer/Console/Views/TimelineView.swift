// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// Recovery points along a line, and the same as a list.
package struct TimelineView: Sendable {
    struct Bar: Sendable {
        let x: String
        let width: String
        let accuracy: String
        let isCoarse: Bool
        let words: String
    }

    struct Mark: Sendable {
        let x: String
        let address: String
        let isApplicationConsistent: Bool
        let words: String
    }

    struct Tick: Sendable {
        let x: String
        let text: String
        let anchor: String
    }

    struct Line: Sendable {
        let name: String
        let address: String
        let time: Moment
        let kind: String
        let isApplicationConsistent: Bool
        let loss: String
        /// Nil for a point that is exact.
        let inexact: String?
    }

    let bars: [Bar]
    let marks: [Mark]
    let ticks: [Tick]
    let named: [Line]
    let bookmarks: [Line]
    let older: [Line]
    let hasOlder: Bool
    let hasBookmarks: Bool
    let stretches: [String]
    let hasPoints: Bool
    let summary: String

    /// Marks beyond these are in the list only: nobody hits them.
    static let maximumMarks = 200
    /// What stands in the list before the rest is folded.
    static let shownBookmarks = 8
    /// Bookmarks in the list.
    static let maximumBookmarks = 1000

    package init(_ points: PointList, now: Timestamp) {
        let scale = Scale(points)
        bars = points.stretches.suffix(Self.maximumMarks).map { stretch in
            Bar(
                x: scale.percent(stretch.firstTime), width: scale.width(stretch.firstTime, stretch.lastTime),
                accuracy: stretch.accuracy.rawValue, isCoarse: stretch.isBoundariesOnly, words: Self.words(stretch))
        }
        marks = points.bookmarks.suffix(Self.maximumMarks).map { point in
            let line = Self.line(point, of: points.group, now: now)
            return Mark(
                x: scale.percent(point.time), address: line.address,
                isApplicationConsistent: line.isApplicationConsistent,
                words: "\(line.name), \(line.kind), \(line.time.text), \(line.loss)")
        }
        ticks = scale.ticks
        let newest = [
            ("Latest", PointReference.latest, points.latest),
            ("Latest on the disks", .latestProcessed, points.latestProcessed),
            ("Latest application-consistent", .latestApplicationConsistent, points.latestApplicationConsistent),
        ]
        named = newest.compactMap { name, reference, point in
            point.map { Self.line($0, of: points.group, name: name, reference: reference, now: now) }
        }
        let lines = points.bookmarks.suffix(Self.maximumBookmarks).reversed().map {
            Self.line($0, of: points.group, now: now)
        }
        bookmarks = Array(lines.prefix(Self.shownBookmarks))
        older = Array(lines.dropFirst(Self.shownBookmarks))
        hasOlder = !older.isEmpty
        hasBookmarks = !bookmarks.isEmpty
        stretches = points.stretches.suffix(Self.maximumMarks).reversed().map(Self.words)
        hasPoints = !points.stretches.isEmpty || !named.isEmpty
        summary =
            "\(Self.count(points.stretches.count, "stretch", "stretches")) and "
            + "\(Self.count(points.bookmarks.count, "bookmark", "bookmarks"))"
    }

    /// The line, or else why there is none; neither where nobody asked.
    static func of(
        _ points: Result<PointList, ConfigurationFailure>?, now: Timestamp
    ) -> (line: TimelineView?, failure: FindingView?) {
        switch points {
        case .success(let list): (TimelineView(list, now: now), nil)
        case .failure(let failure):
            (nil, FindingView(Badge("Not known", .warning), failure.message, remedy: failure.remedy))
        case nil: (nil, nil)
        }
    }

    private static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }

    private static func line(
        _ point: PointReport, of group: String, name: String? = nil, reference: PointReference? = nil, now: Timestamp
    ) -> Line {
        // Two bookmarks may have one label; a sequence number means this one.
        let reference = reference ?? .sequence(point.sequence)
        return Line(
            name: name ?? point.label ?? "Bookmark \(point.sequence)",
            address: ConsolePath.operation(.failover, on: group) + "?point=\(AddressText.encoded("\(reference)"))",
            time: Moment(point.time, now: now), kind: Words.kind(point.kind),
            isApplicationConsistent: point.kind == .applicationConsistent, loss: Words.loss(point.losesSeconds),
            inexact: point.accuracy == .exact ? nil : Words.accuracy(point.accuracy))
    }

    private static func words(_ stretch: StretchReport) -> String {
        func text(_ time: DateTime) -> String { String("\(time)".prefix(19)).replacing("T", with: " ") }
        return
            "\(text(stretch.firstTime)) to \(text(stretch.lastTime)), \(Words.accuracy(stretch.accuracy).lowercased()), "
            + (stretch.isBoundariesOnly ? "its ends and the bookmarks in it only" : "every moment")
    }
}

/// Places along the line, from the first moment to the last.
private struct Scale {
    private let first: Double
    private let span: Double

    init(_ points: PointList) {
        let times =
            points.stretches.flatMap { [$0.firstTime, $0.lastTime] } + points.bookmarks.map(\.time)
            + [points.latest?.time].compactMap(\.self)
        let seconds = times.map { Double($0.timestamp.rawValue) / 1_000_000_000 }
        first = seconds.min() ?? 0
        span = max((seconds.max() ?? 0) - first, 1)
    }

    /// The middle 97 hundredths, so that marks at the ends are whole.
    private func place(_ seconds: Double) -> Double { 1.5 + 97 * min(max((seconds - first) / span, 0), 1) }

    private func percent(_ value: Double) -> String { "\((value * 100).rounded() / 100)%" }

    func percent(_ time: DateTime) -> String { percent(place(Double(time.timestamp.rawValue) / 1_000_000_000)) }

    func width(_ from: DateTime, _ to: DateTime) -> String {
        let start = place(Double(from.timestamp.rawValue) / 1_000_000_000)
        return percent(max(place(Double(to.timestamp.rawValue) / 1_000_000_000) - start, 0.3))
    }

    private static let steps: [Double] = [60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400]

    /// At most six moments that are round in UTC.
    var ticks: [TimelineView.Tick] {
        var step = Self.steps.first { span / $0 <= 5 } ?? 86400
        while span / step > 5 { step *= 2 }
        var ticks: [TimelineView.Tick] = []
        var moment = (first / step).rounded(.up) * step
        while moment <= first + span, ticks.count < 6 {
            let text = "\(DateTime(.seconds(Int64(moment))))"
            let time = text.dropFirst(11).prefix(5)
            let place = place(moment)
            ticks.append(
                .init(
                    x: percent(place),
                    text: step >= 86400 || time == "00:00" ? String(text.dropFirst(5).prefix(5)) : String(time),
                    anchor: place < 6 ? "start" : place > 94 ? "end" : "middle"))
            moment += step
        }
        return ticks
    }
}
