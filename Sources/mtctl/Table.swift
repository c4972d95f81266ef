// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Rows in aligned columns, two spaces apart, for people.
struct Table {
    private var rows: [[String]]

    init(_ header: String...) { rows = [header] }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                // The last cell is not filled up: no line ends in spaces.
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            return line
        }
    }
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
