// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionSimulation

/// `retention-simulation --seeds N [--seed S] [--steps K] [--verbose]`: runs seeds S to S + N − 1; without S, seeds
/// that nobody has run.
@main
struct RetentionSimulationTool {
    static func main() {
        var seeds = 100
        var first: UInt64?
        var steps = 400
        var isVerbose = false
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            switch argument {
            case "--seeds": seeds = arguments.popFirst().flatMap { Int($0) } ?? seeds
            case "--seed": first = arguments.popFirst().flatMap { UInt64($0) }
            case "--steps": steps = arguments.popFirst().flatMap { Int($0) } ?? steps
            case "--verbose": isVerbose = true
            default:
                Terminal.writeLine(
                    """
                    unknown argument \(argument); usage: retention-simulation --seeds N [--seed S] [--steps K] \
                    [--verbose]
                    """)
                return
            }
        }
        let start = first ?? UInt64.random(in: 0..<1 << 40)
        var failures: [UInt64] = []
        var (comparisons, crashes) = (0, 0)
        for seed in start..<start + UInt64(seeds) {
            do {
                let simulation = try Simulation(seed: seed, isVerbose: isVerbose)
                defer {
                    comparisons += simulation.comparisons
                    crashes += simulation.crashes
                }
                try simulation.run(steps: steps)
            } catch {
                failures.append(seed)
                Terminal.writeLine("\(error)")
                Terminal.writeLine("replay: scripts/simulate --seeds 1 --seed \(seed) --steps \(steps) --verbose")
            }
        }
        Terminal.writeLine(
            "seeds \(start) to \(start + UInt64(seeds) - 1): \(comparisons) points compared, \(crashes) power cuts")
        Terminal.writeLine("\(seeds - failures.count) passed, \(failures.count) failed")
        if !failures.isEmpty { Terminal.exit(1) }
    }
}
