// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// What this process uses of its machine.
///
/// Source: man 5 proc_pid_stat, man 2 getrlimit, man 3 sysconf.
public struct ProcessFigures: Hashable, Sendable {
    /// When it started, in seconds since 1970.
    public var startSeconds: Double
    /// Processor time in user and kernel mode, all threads.
    public var processorSeconds: Double
    /// Memory that it holds.
    public var residentBytes: UInt64
    /// Addresses that it holds.
    public var virtualBytes: UInt64
    /// Its threads.
    public var threads: UInt64
    /// Descriptors that are open; nil where they cannot be counted.
    public var openDescriptors: Int?
    /// The most that it may open; nil for no limit.
    public var maximumDescriptors: UInt64?

    /// This process now; nil where there is no /proc. Reads memory of the kernel, no disk.
    public static func now() -> ProcessFigures? {
        // Without /proc nothing is known, which is what nil says.
        guard let line = try? SystemFiles.contents("/proc/self/stat", limit: 4096),
            var figures = ProcessFigures(
                stat: String(decoding: line, as: UTF8.self), ticks: Double(sysconf(Int32(_SC_CLK_TCK))),
                page: UInt64(sysconf(Int32(_SC_PAGESIZE))), bootSeconds: bootSeconds())
        else { return nil }
        // As above. The descriptor that looks is not counted.
        figures.openDescriptors = (try? SystemFiles.names("/proc/self/fd")).map { max(0, $0.count - 1) }
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
            figures.maximumDescriptors = UInt64(limit.rlim_cur)
        }
        return figures
    }

    /// Reads a line of `/proc/PID/stat`; nil for what is none.
    ///
    /// - Parameters:
    ///   - ticks: Of a second.
    ///   - page: Bytes of a page.
    ///   - bootSeconds: When the machine started, in seconds since 1970.
    package init?(stat line: String, ticks: Double, page: UInt64, bootSeconds: Double) {
        // The name in parentheses may hold anything, parentheses and blanks too.
        guard let end = line.lastIndex(of: ")"), ticks > 0 else { return nil }
        let fields = line[line.index(after: end)...].split { $0 == " " || $0 == "\n" }
        // Numbered as the man page does; the first here is the third there.
        func number(_ field: Int) -> UInt64? { fields.count > field - 3 ? UInt64(fields[field - 3]) : nil }
        guard let user = number(14), let system = number(15), let threads = number(20), let start = number(22),
            let virtual = number(23), let resident = number(24)
        else { return nil }
        startSeconds = bootSeconds + Double(start) / ticks
        processorSeconds = (Double(user) + Double(system)) / ticks
        residentBytes = resident.multipliedReportingOverflow(by: page).partialValue
        virtualBytes = virtual
        self.threads = threads
    }

    /// By two clocks and not by /proc/stat, which services may not be shown. Source: man 2 clock_gettime, `CLOCK_BOOTTIME`.
    private static func bootSeconds() -> Double {
        func seconds(_ clock: clockid_t) -> Double {
            var time = timespec()
            unsafe clock_gettime(clock, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        return seconds(CLOCK_REALTIME) - seconds(clockid_t(CLOCK_BOOTTIME))
    }
}
