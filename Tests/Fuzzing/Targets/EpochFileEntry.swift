// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives

/// A group with one epoch file whose content is the input, with checksums that are right.
enum EpochFileEntry {
    private static let template = HostileGroup()

    static func run(_ bytes: [UInt8]) { template?.open(epoch: bytes) }

    static var samples: [[UInt8]] { template.map { [$0.content] } ?? [] }
}
