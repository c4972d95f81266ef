// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Samples of the last 15 minutes, and their averages.
struct LoadWindow {
    static let length: Int64 = 15 * 60 * 1_000_000_000
    /// Samples closer together replace the last one, which bounds how many there are.
    static let closest: Int64 = 5_000_000_000
    /// Below this the samples say less than the kernel's own average, which also counts what waits for disks.
    static let shortest: Int64 = 60 * 1_000_000_000

    private var samples: [(time: Int64, sample: LoadReading.Sample)] = []

    var count: Int { samples.count }

    mutating func add(_ sample: LoadReading.Sample, at time: Int64) {
        // Counters that went back: another machine, or one that was restored.
        if let last = samples.last,
            sample.ticks < last.sample.ticks || sample.busyTicks < last.sample.busyTicks || time < last.time
        {
            samples = []
        }
        if samples.count > 1, time - samples[samples.count - 2].time < Self.closest { samples.removeLast() }
        samples.append((time, sample))
        // One that is older than the window stays, so that the window is covered.
        while samples.count > 2, time - samples[1].time >= Self.length { samples.removeFirst() }
    }

    /// The averages; over what is there when that is less than 15 minutes.
    func facts(latest: LoadReading) -> LoadFacts {
        let minutes15 = Self.length / 1_000_000_000
        var facts = LoadFacts(
            memory: .init(percent: latest.sample.memory, seconds: 0),
            processors: .init(percent: latest.loadAverage, seconds: minutes15))
        facts.memoryPressure = latest.memoryPressure
        facts.processorPressure = latest.processorPressure
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return facts }
        let span = last.time - first.time
        // Each sample counts for the time up to the next one.
        var sum = 0.0
        for (one, next) in zip(samples, samples.dropFirst()) {
            sum += (one.sample.memory + next.sample.memory) / 2 * Double(next.time - one.time)
        }
        facts.memory = .init(percent: sum / Double(span), seconds: span / 1_000_000_000)
        let ticks = last.sample.ticks - first.sample.ticks
        if span >= Self.shortest, ticks > 0 {
            facts.processors = .init(
                percent: Share.percent(last.sample.busyTicks - first.sample.busyTicks, of: ticks),
                seconds: span / 1_000_000_000)
        }
        return facts
    }
}
