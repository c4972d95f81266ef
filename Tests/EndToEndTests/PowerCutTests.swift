// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Programs that are killed at any moment lose nothing that was acknowledged.
    @Suite struct PowerCutTests {
        private static let bytes = 16 << 20
        private static let rounds = 14

        private enum Victim: CaseIterable {
            case daemon, sender, both
        }

        @Test(.timeLimit(.minutes(2)))
        func `killed again and again, both go on, and every point that was acknowledged is there`() throws {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("g", ["sda"], bytes: Self.bytes)
            let image = try Image(bed.path("sda.source"), bytes: Self.bytes)
            try image.scramble(0..<Self.bytes)
            var moments: [String: Data] = [:]
            let start = Date()
            for round in 1...Self.rounds where Date().timeIntervalSince(start) < 25 {
                let label = "r\(round)"
                moments[label] = try image.content()
                let arguments = ["--once", "--static-source", "--bookmark-label", label]
                let sender = try bed.startSender("g", ["sda"], arguments)
                // A pass takes about as long.
                Thread.sleep(forTimeInterval: Double.random(in: 0.01...0.3))
                let victim = Victim.allCases.randomElement() ?? .both
                if victim != .daemon { sender.signal(SIGKILL) }
                if victim != .sender { bed.killDaemon() }
                if victim != .daemon { _ = sender.outcome() }
                let wasAcknowledged = sender.output.contains("Bookmark '\(label)'")
                if victim != .sender { try bed.startDaemon() }
                if wasAcknowledged {
                    let labels = try bed.json(PointList.self, "points", "g").bookmarks.compactMap(\.label)
                    #expect(labels.contains(label), "\(label) was acknowledged, and is lost")
                }
                if victim == .daemon {
                    let outcome = sender.outcome()
                    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
                } else {
                    try bed.replicate("g", ["sda"], label: label)
                }
                let at = Int.random(in: 0..<12) << 20
                try image.scramble(at..<at + (4 << 20))
            }
            #expect(moments.count >= 4)
            let labels = Set(try bed.json(PointList.self, "points", "g").bookmarks.compactMap(\.label))
            #expect(labels.isSuperset(of: moments.keys))
            // Also in the middle of a recovery, which goes on after the start.
            for label in moments.keys.shuffled().prefix(5) {
                try bed.control("recover", "g", "--point", label, "--source-stopped", "--yes", "--no-wait")
                if Bool.random() {
                    Thread.sleep(forTimeInterval: Double.random(in: 0...0.1))
                    bed.killDaemon()
                    try bed.startDaemon()
                }
                try bed.waitFor(.recovered, "g")
                let isSame = try bed.target("sda") == moments[label]
                #expect(isSame, "the disk is not as it was at \(label)")
            }
            try bed.control("verify", "g")
            #expect(try bed.stopDaemon().status == 0)
        }
    }
}
