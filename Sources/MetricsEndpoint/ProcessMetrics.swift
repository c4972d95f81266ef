// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import PrometheusText

/// What every program of ours tells of itself.
///
/// Source: Prometheus, "Writing client libraries", "Process metrics": these names are the same for every program.
public enum ProcessMetrics {
    /// The program with its version, and what its process uses; where that cannot be seen, the program alone.
    public static func families(
        program: String, version: String, figures: ProcessFigures?
    ) -> [MetricFamily] {
        func family(
            _ kind: MetricFamily.Kind, _ name: String, _ help: String, _ value: (ProcessFigures) -> Double?
        ) -> MetricFamily {
            MetricFamily(kind, name, help, [figures.flatMap(value)].compactMap { $0 }.map { .init($0) })
        }
        return [
            MetricFamily(
                .gauge, "mastertarget_build_info", "The program and its version; the value is always 1.",
                [.init(1, ["program": program, "version": version])]),
            family(.gauge, "process_start_time_seconds", "When the process started, in seconds since 1970.") {
                $0.startSeconds
            },
            family(.counter, "process_cpu_seconds_total", "Processor time of the process.") { $0.processorSeconds },
            family(.gauge, "process_resident_memory_bytes", "Memory that the process holds.") {
                Double($0.residentBytes)
            },
            family(.gauge, "process_virtual_memory_bytes", "Addresses that the process holds.") {
                Double($0.virtualBytes)
            },
            family(.gauge, "process_threads", "Threads of the process.") { Double($0.threads) },
            family(.gauge, "process_open_fds", "Descriptors that the process has open.") {
                $0.openDescriptors.map { Double($0) }
            },
            family(.gauge, "process_max_fds", "Descriptors that the process may open.") {
                $0.maximumDescriptors.map { Double($0) }
            },
        ]
    }
}
