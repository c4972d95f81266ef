// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Foundation
import Testing

extension EndToEndTests {
    /// Master targets and a process server that register with a configuration server.
    @Suite struct RegistrationTests {
        @Test func `a master target that registers is seen in less than a second, and listens with its certificate`()
            throws
        {
            let bed = try SiteBed()
            try bed.startMasterTarget("mt-1")
            #expect(try bed.status(of: "mt-1").registration == nil)
            let outcome = try bed.register("mt-1")
            let registered = ContinuousClock.now
            #expect(outcome.status == 0, "\(outcome.errors)")
            let isSeen = try wait(5) { try bed.json(ServerList.self, "servers").servers.first?.state == .online }
            #expect(isSeen)
            let took = ContinuousClock.now - registered
            #expect(took < .seconds(1), "it took \(took)")
            let server = try #require(try bed.json(ServerList.self, "servers").servers.first)
            let shown = try bed.json(ServerReport.self, "server", "show", server.hostID)
            #expect(shown.role == .masterTarget && shown.heartbeat?.capacity?.retention.isUsable == true)
            #expect(shown.heartbeat?.replication == ["localhost:\(try #require(bed.replicationPorts["mt-1"]))"])
            let status = try bed.status(of: "mt-1")
            #expect(status.registration?.hostID == server.hostID && status.registration?.problem == nil)
            // The listener looks for a certificate every second.
            #expect(try wait(5) { try bed.status(of: "mt-1").replication.isListening })
            let health = try bed.agent("mt-1", "health", "--json").output
            #expect(health.contains(#""id":"server.heartbeat""#) && health.contains(#""id":"server.registered""#))
        }

        @Test func `wrong passphrases and files are refused with a sentence, and leave nothing`() throws {
            let bed = try SiteBed()
            try bed.startMasterTarget("mt-1")
            let passphrase = try String(contentsOf: URL(filePath: bed.passphraseFile), encoding: .utf8)
            let rows: [(String, Int, String)] = [
                ("", 0o600, "passphrase"), ("short", 0o600, "passphrase"),
                ("wrong-wrong-wrong-wrong-wrong", 0o600, "passphrase"),
                (passphrase, 0o644, "chmod 600"),
            ]
            for (text, mode, word) in rows {
                try bed.writePassphrase(text, mode: mode)
                let outcome = try bed.register("mt-1")
                #expect(outcome.status == 1 && outcome.errors.contains(word), "\(outcome.errors)")
            }
            try bed.writePassphrase(passphrase)
            let other = String(repeating: "ab", count: 32)
            let mismatch = try bed.register("mt-1", "--server-fingerprint", other)
            #expect(mismatch.status == 1 && mismatch.errors.contains("fingerprint"), "\(mismatch.errors)")
            #expect(try bed.json(ServerList.self, "servers").servers.isEmpty)
            #expect(try bed.status(of: "mt-1").registration == nil)
            #expect(try bed.register("mt-1").status == 0)
        }

        @Test func `who leaves is registered no more, and comes back as the same`() throws {
            let bed = try SiteBed()
            try bed.startMasterTarget("mt-1")
            #expect(try bed.register("mt-1").status == 0)
            let host = try #require(try bed.status(of: "mt-1").registration?.hostID)
            #expect(try bed.agent("mt-1", "unregister").status == 1, "it has to be confirmed")
            #expect(try bed.agent("mt-1", "unregister", "--yes").status == 0)
            #expect(try wait(5) { try bed.status(of: "mt-1").registration == nil })
            #expect(try wait(10) { try bed.json(ServerList.self, "servers").servers.first?.state == .lost })
            #expect(try bed.register("mt-1").status == 0)
            #expect(try bed.status(of: "mt-1").registration?.hostID == host)
            #expect(try bed.json(ServerList.self, "servers").servers.count == 1)
        }

        @Test func `a certificate that was taken back is told to its server and opens nothing`() throws {
            let bed = try SiteBed()
            try bed.startMasterTarget("mt-1")
            #expect(try bed.register("mt-1").status == 0)
            let host = try #require(try bed.status(of: "mt-1").registration?.hostID)
            try bed.operate("server", "revoke", host, "--reason", "sold", "--yes")
            #expect(try wait(10) { try bed.status(of: "mt-1").registration?.isRevoked == true })
            let health = try bed.agent("mt-1", "health")
            #expect(health.status == 2 && health.output.contains("server.registered"), "\(health.output)")
        }

        @Test func `an agent goes on while the server is away, and is back by itself`() throws {
            let bed = try SiteBed()
            try bed.startMasterTarget("mt-1")
            #expect(try bed.register("mt-1").status == 0)
            bed.killServer()
            #expect(try wait(15) { try bed.status(of: "mt-1").registration?.isUnreachable == true })
            #expect(try bed.agent("mt-1", "group", "create", "alone").status == 0)
            bed.killMasterTarget("mt-1")
            try bed.startMasterTarget("mt-1")
            #expect(try wait(10) { try bed.status(of: "mt-1").registration != nil }, "it forgot where it is registered")
            try bed.startServer()
            let isBack = try wait(60) {
                try bed.json(ServerList.self, "servers").servers.first.map { $0.state == .online && $0.groupCount == 1 }
                    == true
            }
            #expect(isBack)
        }
    }
}
