// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionSimulation
import Testing

/// A fixed part of the simulation; `scripts/simulate` goes on with seeds that nobody has run.
struct SimulationSeedTests {
    /// Seeds that once found something.
    static let keptSeeds: [UInt64] = [33, 53, 69, 252, 1129, 1158, 5120, 5209]

    @Test(arguments: Array(1...40) + keptSeeds)
    func `the store keeps its promises`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        try simulation.run()
        #expect(simulation.comparisons > 0)
    }
}
