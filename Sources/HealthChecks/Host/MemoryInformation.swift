// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// The machine's memory. Source: man 5 proc, `/proc/meminfo`.
struct MemoryInformation: Equatable {
    let total: UInt64
    let available: UInt64
    let swap: ByteCount

    init(_ tree: RootedTree) throws {
        guard let text = try tree.text("/proc/meminfo") else {
            throw HealthError(.malformedSource, "/proc/meminfo is not there.")
        }
        var values: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") {
            // MemTotal:       24588732 kB
            let words = line.split(whereSeparator: { $0 == " " || $0 == ":" })
            guard words.count >= 2, let value = UInt64(words[1]) else { continue }
            let (bytes, overflow) = value.multipliedReportingOverflow(by: 1024)
            values[words[0]] = overflow ? .max : bytes
        }
        guard let total = values["MemTotal"], total > 0, let available = values["MemAvailable"], available <= total
        else {
            throw HealthError(.malformedSource, "/proc/meminfo does not say how much memory there is and is available.")
        }
        self.total = total
        self.available = available
        swap = ByteCount(values["SwapTotal"] ?? 0)
    }
}
