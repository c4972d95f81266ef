// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Foundation
import ProcessServer
import Testing
import mt_process_server

@Suite struct RunSettingsTests {
    private func load(
        _ text: String? = nil, environment: [String: String] = [:], options: [SettingKey: String] = [:]
    ) async throws -> RunSettings {
        let file = FileManager.default.temporaryDirectory.appending(path: "mt-settings-\(UUID().uuidString).yaml")
        defer { if text != nil { try? FileManager.default.removeItem(at: file) } }
        if let text { try Data(text.utf8).write(to: file) }
        return try await .load(
            file: text == nil ? nil : file.path, isFileRequired: true, environment: environment, options: options)
    }

    @Test func `the command line is over the environment, that over the file, that over defaults`() async throws {
        let file = """
            passes:
              interval: 5m
              fullScanEvery: 3
              staticSource: true
            commands:
              beforePass: freeze $MT_GROUP
              stopTimeout: 2m
            transfer:
              rateLimit: 50M
            """
        let environment = [
            "MASTER_TARGET_PROCESS_SERVER_PASSES_INTERVAL": "6m",
            "MASTER_TARGET_PROCESS_SERVER_TRANSFER_RATE_LIMIT": "60M",
            "MASTER_TARGET_PROCESS_SERVER_COMMANDS_BEFORE_PASS": "",
        ]
        let settings = try await load(file, environment: environment, options: [.interval: "7m"])
        var wanted = RunSettings()
        wanted.interval = 420_000_000_000
        wanted.fullScanEvery = 3
        wanted.isStatic = true
        wanted.stopTimeout = 120_000_000_000
        wanted.rateLimit = 60 << 20
        #expect(settings == wanted)
        #expect(try await load() == RunSettings())
    }

    @Test func `every setting is read`() async throws {
        let said: [SettingKey: String] = [
            .statePath: "/s", .interval: "1s", .fullScanEvery: "0", .staticSource: "true", .bookmarkLabel: "l",
            .beforePass: "b", .afterPass: "a", .onHookFailure: "skip", .hookTimeout: "2s", .stopSource: "s",
            .stopTimeout: "3s", .rateLimit: "4", .compression: "lz4",
        ]
        #expect(Set(said.keys) == Set(SettingKey.allCases))
        let defaults = RunSettings()
        for (key, text) in said {
            #expect(try await load(options: [key: text]) != defaults, "\(key.rawValue)")
        }
        let settings = try await load(options: said)
        #expect(settings.statePath == "/s" && settings.interval == 1_000_000_000 && settings.fullScanEvery == 0)
        #expect(settings.isStatic && settings.bookmarkLabel == "l")
        #expect(settings.hooks.before == "b" && settings.hooks.after == "a" && settings.hooks.onFailure == .skip)
        #expect(settings.hooks.timeout == 2_000_000_000 && settings.stopSource == "s")
        #expect(settings.stopTimeout == 3_000_000_000 && settings.rateLimit == 4 && settings.compression == .lz4)
    }

    @Test(arguments: [
        ("passes:\n  intervall: 1m\n", "passes.intervall is no setting"),
        ("colour: blue\n", "colour is no setting"), ("- a\n", "it is no setting"), ("{", "no YAML"),
        ("passes: 1m\n", "passes is no setting"), ("passes:\n  interval: [1m]\n", "passes.interval must be one value"),
        ("passes:\n  interval: soon\n", "passes.interval is \"soon\""),
        ("passes:\n  interval: 0s\n", "passes.interval"), ("passes:\n  fullScanEvery: -1\n", "passes.fullScanEvery"),
        ("passes:\n  staticSource: perhaps\n", "true or false"), ("state:\n  path: relative\n", "an absolute path"),
        ("commands:\n  onFailure: ignore\n", "crash-consistent or skip"), ("commands:\n  timeout: 1y\n", "a time"),
        ("transfer:\n  compress: zstd\n", "auto, none or lz4"), ("transfer:\n  rateLimit: 0\n", "a size"),
        ("passes:\n  bookmarkLabel: \(String(repeating: "x", count: 129))\n", "128 bytes"),
    ])
    func `what nobody reads or makes no sense is refused by name`(file: String, words: String) async {
        let failure = await #expect(throws: ConfigurationFailure.self) { try await load(file) }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
        #expect(failure?.remedy.contains("passes.interval") == true)
    }

    @Test func `a missing file is an error only when it was named`() async throws {
        let path = "/nonexistent/process-server.yaml"
        let settings = try await RunSettings.load(file: path, isFileRequired: false, environment: [:], options: [:])
        #expect(settings == RunSettings())
        await #expect(throws: ConfigurationFailure.self) {
            try await RunSettings.load(file: path, isFileRequired: true, environment: [:], options: [:])
        }
    }

    @Test func `the file of the package has every setting, and says what the defaults are`() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = String(
            decoding: try Data(contentsOf: root.appending(path: "packaging/process-server.yaml")), as: UTF8.self)
        #expect(try await load(text) == RunSettings())
        // A setting is commented out by a # right in front of it; prose has a space behind its own.
        let all = text.replacing(/(?m)^( *)#(?=[^ \n])/) { $0.output.1 }
        var wanted = RunSettings()
        // These have no default, and the file an example.
        wanted.bookmarkLabel = "pass"
        wanted.hooks.before = "fsfreeze --freeze /data"
        wanted.hooks.after = "fsfreeze --unfreeze /data"
        wanted.stopSource = "systemctl stop shop.service"
        wanted.rateLimit = 50 << 20
        #expect(try await load(all) == wanted)
        for key in SettingKey.allCases {
            let parts = key.rawValue.split(separator: ".")
            let indent = String(repeating: "  ", count: parts.count - 1)
            #expect(all.contains("\n\(indent)\(parts.last ?? ""): "), "\(key.rawValue)")
        }
    }
}
