// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import RetentionVolume
import Testing

/// Devices out of a recorded sysfs.
@Suite struct RecordedBlockTreeTests {
    private final class Sysfs {
        let root = NSTemporaryDirectory() + "block-tree-\(UUID().uuidString)"

        deinit {
            // A folder that stays behind harms no test.
            try? FileManager.default.removeItem(atPath: root)
        }

        func file(_ path: String, _ text: String) throws {
            let place = URL(fileURLWithPath: "\(root)/class/block/\(path)")
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((text + "\n").utf8).write(to: place)
        }

        func device(_ name: String, _ number: String, wwid: String? = nil, map: String? = nil) throws {
            try file("\(name)/dev", number)
            try file("\(name)/size", "131072")
            try file("\(name)/ro", "0")
            if let wwid { try file("\(name)/device/wwid", wwid) }
            if let map { try file("\(name)/dm/uuid", map) }
        }
    }

    @Test func `a disk is known by the identity under which it is bound, with and without a map`() throws {
        let sysfs = Sysfs()
        try sysfs.device("sdb", "8:16", wwid: "naa.6000c29aa01aa01aa01aa01aa01aa01a")
        try sysfs.device("sdc", "8:32", wwid: "eui.0025385b61b0a5c1")
        try sysfs.device("dm-0", "254:0", map: "mpath-36000c29aa02aa02aa02aa02aa02aa02a")
        let nodes = try BlockTree.read(sysfs: sysfs.root).nodes.values
        let identities = Dictionary(uniqueKeysWithValues: nodes.map { ($0.name, $0.identity) })
        #expect(identities["sdb"] == "36000c29aa01aa01aa01aa01aa01aa01a")
        #expect(identities["sdc"] == "20025385b61b0a5c1")
        #expect(identities["dm-0"] == "36000c29aa02aa02aa02aa02aa02aa02a")

        let context = RetentionContext(
            path: Sample.path, layout: SystemLayout(uses: []),
            targetIdentities: ["36000c29aa01aa01aa01aa01aa01aa01a"])
        let node = try #require(nodes.first { $0.name == "sdb" })
        let candidate = RetentionCandidate(VolumeFacts(name: "sdb", node: node, size: node.size), in: context)
        #expect(candidate.reasons.contains("sdb is a replication target: choose another volume."))
    }
}
