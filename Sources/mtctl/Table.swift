// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Rows in aligned columns, two spaces apart, for people.
struct Table {
    private var rows: [[String]]

    init(_ header: String...) { rows = [header] }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var lines: [String] { lines(fitting: nil) }

    /// - Parameter width: Columns that there are; cells of the widest columns are cut to it. Nil for as many as it takes.
    func lines(fitting width: Int?) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        var widths = (0..<columns).map { column in
            rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
        }
        if let width {
            var excess = widths.reduce(0, +) + 2 * (columns - 1) - width
            while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
                widths[widest] > Self.leastWidth
            {
                widths[widest] -= 1
                excess -= 1
            }
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let cell = cell.count > widths[column] ? cell.prefix(widths[column] - 1) + "…" : cell
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            // No line ends in spaces.
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// No cell is cut to less.
    private static let leastWidth = 8
}

/// Names and values, one a line.
struct Sheet {
    private var rows: [(String, String)] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { rows.append((name, value)) }
    }

    var lines: [String] {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            "\(name):\(String(repeating: " ", count: width - name.count + 2))\(value)"
        }
    }
}
