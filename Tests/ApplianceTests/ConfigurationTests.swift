// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import Foundation
import StoragePrimitives
import Testing

@Suite struct ConfigurationTests {
    private func load(
        file: String? = nil, required: Bool = true, _ environment: [String: String] = [:], _ settings: [String] = []
    ) async throws -> ApplianceConfiguration {
        try await .load(file: file, isFileRequired: required, environment: environment, settings: settings)
    }

    @Test func `without anything the defaults hold`() async throws {
        let configuration = try await load()
        #expect(configuration == ApplianceConfiguration())
        #expect(configuration.port == 9443)
        #expect(configuration.retentionPath == "/mnt/retention")
        #expect(configuration.socketPath == "/run/master-target/control.sock")
        #expect(configuration.memoryCeiling == .mebibytes(256))
        #expect(!configuration.metrics.isEnabled)
        #expect(configuration.metrics.address == "127.0.0.1")
        #expect(configuration.metrics.port == 9446)
        #expect(configuration.groupDefaults == GroupPolicy())
    }

    @Test func `the command line wins over the environment, and that over the file`() async throws {
        let folder = try TestFolder()
        try folder.write(
            """
            replication:
              address: 127.0.0.1
              port: 1001
            retention:
              path: /file
            memory:
              ceiling: 64MiB
            groups:
              defaults:
                rpoThreshold: 5m
                retention: 2h
            """, to: "c.yaml")
        let configuration = try await load(
            file: "\(folder.path)/c.yaml",
            ["MASTER_TARGET_REPLICATION_PORT": "1002", "MASTER_TARGET_RETENTION_PATH": "/environment"],
            ["replication.port=1003", "groups.defaults.retention=3h"])
        #expect(configuration.address == "127.0.0.1")
        #expect(configuration.port == 1003)
        #expect(configuration.retentionPath == "/environment")
        #expect(configuration.memoryCeiling == .mebibytes(64))
        #expect(configuration.groupDefaults.rpoThresholdSeconds == 300)
        #expect(configuration.groupDefaults.retentionSeconds == 3 * 3600)
    }

    @Test func `the environment reaches every key`() async throws {
        let configuration = try await load([
            "MASTER_TARGET_GROUPS_DEFAULTS_APPLICATION_CONSISTENT": "30m", "MASTER_TARGET_STATE_PATH": "/s",
        ])
        #expect(configuration.groupDefaults.applicationConsistentSeconds == 1800)
        #expect(configuration.statePath == "/s")
        #expect(configuration.keyPath == "/s/pki/server.key")
    }

    private func load(_ environment: [String: String]) async throws -> ApplianceConfiguration {
        try await load(file: nil, required: true, environment, [])
    }

    @Test(arguments: [
        "replication.port=70000", "replication.port=x", "memory.ceiling=1MB", "memory.ceiling=1MiB",
        "state.path=relative",
        "groups.defaults.retention=0", "groups.defaults.rpoThreshold=1y",
        "control.socket=/\(String(repeating: "x", count: 107))",
        "no.such.key=1", "replication.port",
        "metrics.enabled=on", "metrics.port=70000", "metrics.address=0.0.0.0",
    ]) func `a wrong value is refused, and the sentence names it`(setting: String) async throws {
        let failure = await #expect(throws: ControlFailure.self) { try await load(nil, setting) }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.message.isEmpty == false)
        #expect(failure?.remedy.isEmpty == false)
    }

    private func load(_ file: String?, _ setting: String) async throws -> ApplianceConfiguration {
        try await load(file: file, required: true, [:], [setting])
    }

    @Test func `a missing file is an error only when it was named`() async throws {
        let path = "/nonexistent/master-target.yaml"
        let configuration = try await load(file: path, required: false)
        #expect(configuration == ApplianceConfiguration())
        await #expect(throws: ControlFailure.self) { try await load(file: path, required: true) }
    }

    @Test func `a file that is no YAML is refused`() async throws {
        let folder = try TestFolder()
        try folder.write("replication: [", to: "c.yaml")
        await #expect(throws: ControlFailure.self) { try await load(file: "\(folder.path)/c.yaml", required: false) }
    }

    @Test(arguments: [
        ("nbd:\n  adress: 127.0.0.1", "nbd.adress is no setting. Did you mean nbd.address?"),
        ("nonsense: 1", "nonsense is no setting."),
        ("replication:\n  port:\n    tcp: 9443", "replication.port is a section; it must be a value."),
        ("- a\n- b", "It is no map of settings."),
        ("health:\n  waived:\n    reiserfs:\n      - a", "health.waived has an entry without a name or a reason."),
        ("a: [", "is no YAML"),
    ])
    func `a file with a key that nobody reads is refused`(text: String, words: String) async throws {
        let folder = try TestFolder()
        try folder.write(text, to: "c.yaml")
        let failure = await #expect(throws: ControlFailure.self) {
            try await load(file: "\(folder.path)/c.yaml", required: false)
        }
        #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }

    @Test func `waivers have a name that is known and a reason`() async throws {
        let folder = try TestFolder()
        try folder.write(
            """
            health:
              waived:
                - reiserfs=no source has it
                - os.memory = it is small on purpose
            """, to: "c.yaml")
        let file = try await load(file: "\(folder.path)/c.yaml")
        #expect(file.healthWaivers == ["reiserfs": "no source has it", "os.memory": "it is small on purpose"])
        try folder.write(
            """
            health:
              waived:
                reiserfs: no source has it
                os.memory: it is small on purpose
            """, to: "map.yaml")
        #expect(try await load(file: "\(folder.path)/map.yaml").healthWaivers == file.healthWaivers)
        let line = try await load([:], ["health.waived=perl=no scripts,wget=no network"])
        #expect(line.healthWaivers == ["perl": "no scripts", "wget": "no network"])
        for wrong in ["reiserfs", "reiserfs=", "=why", "os.nonsense=why"] {
            await #expect(throws: ControlFailure.self) { try await load([:], ["health.waived=\(wrong)"]) }
        }
    }

    @Test func `the file of the package has every setting, and says what the defaults are`() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = String(
            decoding: try Data(contentsOf: root.appending(path: "packaging/master-target.yaml")), as: UTF8.self)
        let folder = try TestFolder()
        try folder.write(text, to: "package.yaml")
        #expect(try await load(file: "\(folder.path)/package.yaml") == ApplianceConfiguration())
        // A setting is commented out by a # right in front of it; prose has a space behind its own.
        let all = text.replacing(/(?m)^( *)#(?=[^ \n])/) { $0.output.1 }
        try folder.write(all, to: "all.yaml")
        var wanted = ApplianceConfiguration()
        // These have no default, and the file an example.
        wanted.groupDefaults.quotaBytes = 500 << 30
        wanted.healthWaivers = ["reiserfs": "no source has it"]
        #expect(try await load(file: "\(folder.path)/all.yaml") == wanted)
        for key in ConfigurationKey.allCases {
            let parts = key.rawValue.split(separator: ".")
            let indent = String(repeating: "  ", count: parts.count - 1)
            #expect(all.contains("\n\(indent)\(parts.last ?? ""):"), "\(key.rawValue)")
        }
    }
}
