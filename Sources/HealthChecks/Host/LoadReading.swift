// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// What the kernel counts about load, at one moment.
struct LoadReading: Equatable {
    /// What averages are made of.
    struct Sample: Equatable {
        /// Hundredths of memory in use.
        var memory: Double
        /// Ticks of all processors since the start, and those in which they worked.
        var ticks: UInt64
        var busyTicks: UInt64
    }

    var sample: Sample
    /// Those that ran or waited for a disk, on the average of 15 minutes, in hundredths of the processors.
    var loadAverage: Double
    var memoryPressure: Double?
    var processorPressure: Double?

    init(_ tree: RootedTree) throws {
        let memory = try MemoryInformation(tree)
        guard let statistics = try tree.text("/proc/stat", limit: 16 << 20) else {
            throw HealthError(.malformedSource, "/proc/stat is not there.")
        }
        let lines = statistics.split(separator: "\n").filter { $0.hasPrefix("cpu") }
        // cpu  user nice system idle iowait irq softirq steal guest guest_nice; guests are in user already.
        let fields = (lines.first ?? "").split(separator: " ").dropFirst().prefix(8).map { UInt64($0) ?? 0 }
        let processors = lines.count - 1
        let all = fields.reduce(UInt64(0)) { Self.saturatedSum($0, $1) }
        guard fields.count >= 4, processors > 0, all > 0 else {
            throw HealthError(.malformedSource, "/proc/stat does not say what the processors did.")
        }
        let idle = Self.saturatedSum(fields[3], fields.count > 4 ? fields[4] : 0)
        sample = Sample(
            memory: Share.percent(memory.total - memory.available, of: memory.total), ticks: all,
            busyTicks: all - min(all, idle))
        let averages = (try tree.text("/proc/loadavg") ?? "").split(separator: " ")
        guard averages.count >= 3, let load = Double(averages[2]), load.isFinite, load >= 0 else {
            throw HealthError(.malformedSource, "/proc/loadavg does not say the load of the last 15 minutes.")
        }
        loadAverage = load * 100 / Double(processors)
        memoryPressure = try Self.pressure(tree, "memory")
        processorPressure = try Self.pressure(tree, "cpu")
    }

    private static func saturatedSum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    /// `some avg10=0.00 avg60=0.00 avg300=0.12 total=…`; nil where the kernel was built or started without.
    ///
    /// Source: the kernel's documentation, accounting/psi.
    private static func pressure(_ tree: RootedTree, _ what: String) throws -> Double? {
        let text: String?
        do {
            text = try tree.text("/proc/pressure/\(what)")
        } catch {
            // A kernel that does not count answers EOPNOTSUPP when it is opened.
            return nil
        }
        guard let line = text?.split(separator: "\n").first(where: { $0.hasPrefix("some ") }),
            let field = line.split(separator: " ").first(where: { $0.hasPrefix("avg300=") })
        else { return nil }
        return Double(field.dropFirst("avg300=".count))
    }
}
