// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials

extension FuzzFamily {
    /// Writes the samples of every family to a folder of its own in `corpus`.
    public static func writeSamples(to corpus: String) throws {
        for family in allCases {
            let folder = "\(corpus)/\(family.rawValue)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (index, sample) in family.samples.enumerated() {
                try Data(sample).write(to: URL(filePath: "\(folder)/sample-\(index)"))
            }
        }
    }
}
