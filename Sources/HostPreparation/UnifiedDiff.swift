// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The difference of two texts in the unified format. Source: the POSIX standard, "Diff -u Output Format".
enum UnifiedDiff {
    /// Unchanged lines around a change.
    private static let context = 3
    /// Above this many comparisons the texts are shown as exchanged as a whole.
    private static let mostComparisons = 4_000_000

    private enum Edit {
        case keep
        case remove
        case add
    }

    /// The lines of the diff; empty when the texts are the same. nil stands for no file.
    static func lines(from old: String?, to new: String?, oldName: String, newName: String) -> [String] {
        let (before, after) = (split(old ?? ""), split(new ?? ""))
        guard before != after || (old == nil) != (new == nil) else { return [] }
        var lines = ["--- \(oldName)", "+++ \(newName)"]
        let edits = edits(before, after)
        var index = 0
        while let hunk = nextHunk(edits, from: index) {
            let oldStart = edits[..<hunk.lowerBound].count { $0.edit != .add }
            let newStart = edits[..<hunk.lowerBound].count { $0.edit != .remove }
            let oldCount = edits[hunk].count { $0.edit != .add }
            let newCount = edits[hunk].count { $0.edit != .remove }
            lines.append("@@ -\(range(oldStart, oldCount)) +\(range(newStart, newCount)) @@")
            for (edit, line) in edits[hunk] {
                let sign = edit == .keep ? " " : edit == .remove ? "-" : "+"
                lines.append(sign + (line.hasSuffix("\n") ? line.dropLast() : line[...]))
                if !line.hasSuffix("\n") { lines.append("\\ No newline at end of file") }
            }
            index = hunk.upperBound
        }
        return lines
    }

    /// Lines with their ends; only the last may have none.
    private static func split(_ text: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for scalar in text.unicodeScalars {
            line.unicodeScalars.append(scalar)
            if scalar == "\n" {
                lines.append(line)
                line = ""
            }
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    /// Line numbers count from 1; an empty range is named by the line before it.
    private static func range(_ start: Int, _ count: Int) -> String {
        let first = count == 0 ? start : start + 1
        return count == 1 ? "\(first)" : "\(first),\(count)"
    }

    private static func edits(_ old: [String], _ new: [String]) -> [(edit: Edit, line: String)] {
        var start = 0
        while start < old.count, start < new.count, old[start] == new[start] { start += 1 }
        var end = 0
        while end < old.count - start, end < new.count - start, old[old.count - 1 - end] == new[new.count - 1 - end] {
            end += 1
        }
        let (left, right) = (Array(old[start..<old.count - end]), Array(new[start..<new.count - end]))
        var edits = old[..<start].map { (edit: Edit.keep, line: $0) }
        edits += middle(left, right)
        edits += old[(old.count - end)...].map { (edit: Edit.keep, line: $0) }
        return edits
    }

    /// By the longest common subsequence.
    private static func middle(_ left: [String], _ right: [String]) -> [(edit: Edit, line: String)] {
        let whole = left.map { (edit: Edit.remove, line: $0) } + right.map { (edit: Edit.add, line: $0) }
        let (comparisons, overflow) = left.count.multipliedReportingOverflow(by: right.count)
        guard !overflow, comparisons > 0, comparisons <= mostComparisons else { return whole }
        // common[i][j]: the length for what follows left[i] and right[j].
        let width = right.count + 1
        var common = [Int32](repeating: 0, count: (left.count + 1) * width)
        for i in left.indices.reversed() {
            for j in right.indices.reversed() {
                common[i * width + j] =
                    left[i] == right[j]
                    ? common[(i + 1) * width + j + 1] + 1 : max(common[(i + 1) * width + j], common[i * width + j + 1])
            }
        }
        var edits: [(edit: Edit, line: String)] = []
        var (i, j) = (0, 0)
        while i < left.count || j < right.count {
            if i < left.count, j < right.count, left[i] == right[j] {
                edits.append((.keep, left[i]))
                i += 1
                j += 1
            } else if i < left.count, j == right.count || common[(i + 1) * width + j] >= common[i * width + j + 1] {
                edits.append((.remove, left[i]))
                i += 1
            } else {
                edits.append((.add, right[j]))
                j += 1
            }
        }
        return edits
    }

    /// The next changes that are no more than twice the context apart, with their context.
    private static func nextHunk(_ edits: [(edit: Edit, line: String)], from index: Int) -> Range<Int>? {
        guard let first = edits[index...].firstIndex(where: { $0.edit != .keep }) else { return nil }
        var last = first
        var position = first
        while position < edits.count, position - last <= 2 * context {
            if edits[position].edit != .keep { last = position }
            position += 1
        }
        return max(index, first - context)..<min(edits.count, last + 1 + context)
    }
}
