// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import Foundation
import LinuxSystem
import StateFiles
import StoragePrimitives
import Testing
import mtctl

/// Bundles of a real agent, and of none, with secrets in everything that is read.
@Suite struct SupportBundleTests {
    private static let secret = "PLANTED"
    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49PLANTEDKEYLINE0123456789abcdef
        AwEHBG0wawIBAQQgPLANTEDKEYLINE9876543210fedcba
        -----END PRIVATE KEY-----

        """

    private func folder() throws -> TestFolder {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", .mebibytes(4))
        return folder
    }

    /// Secrets in every kind of file that a bundle is made of.
    private func plant(_ folder: TestFolder) throws {
        try folder.write(
            """
            # password: PLANTED-comment
            state:
              path: \(folder.path)/state
            retention:
              path: \(folder.path)/retention
            replication:
              key: \(folder.path)/elsewhere.key
            """, to: "master-target.yaml")
        try folder.write(Self.key.replacingOccurrences(of: "KEYLINE", with: "ELSEWHERE"), to: "elsewhere.key")
        for name in ["pki", "registration", "groups", "jobs", "reports", "previews", "site-tasks"] {
            try folder.makeFolder("state/\(name)")
        }
        try folder.write(Self.key, to: "state/pki/server.key")
        try folder.write(Self.key, to: "state/registration/server.key")
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIBpublic\n-----END CERTIFICATE-----\n"
        try folder.write(certificate + Self.key, to: "state/pki/combined.pem")
        try folder.write(certificate, to: "state/registration/server.pem")
        try folder.write(#"{"servers":["https://u:PLANTED-url@config/"]}"#, to: "state/registration/registration.json")
        try folder.write(#"{"passphrase":"PLANTED-passphrase"}"#, to: "state/reports/a.json")
        try folder.write(#"{"tokens":["PLANTED-token"],"name":"kept-in-previews"}"#, to: "state/previews/b.json")
        try folder.write(
            #"{"message":"sent MIGHAgEAMBMGByqGSM49PLANTEDKEYLINE0123456789abcdef to nobody"}"#,
            to: "state/site-tasks/c.json")
        try folder.write(#"{"sessionCookie":"PLANTED-cookie"}"#, to: "state/ledger.json")
        try folder.write("PLANTED-other", to: "state/registration/passphrase")
    }

    /// Every text of a bundle, by its name.
    private func unpack(_ path: String, _ folder: TestFolder) async throws -> [String: String] {
        try folder.makeFolder("unpacked")
        let (status, output) = try await MonitoringTool.run(
            "/usr/bin/tar", ["--extract", "--gzip", "--file", path, "--directory", "\(folder.path)/unpacked"])
        #expect(status == 0, "\(output)")
        var texts: [String: String] = [:]
        let root = "\(folder.path)/unpacked"
        for name in FileManager.default.enumerator(atPath: root)?.compactMap({ $0 as? String }) ?? [] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(root)/\(name)")
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            let short = name.split(separator: "/").dropFirst().joined(separator: "/")
            texts[short] = try folder.read("unpacked/\(name)")
        }
        return texts
    }

    private func expectClean(_ texts: [String: String]) {
        for (name, text) in texts {
            #expect(!text.contains(Self.secret), "\(name) holds a secret")
            #expect(!text.contains("BEGIN PRIVATE KEY"), "\(name) holds a key")
        }
    }

    @Test func `a bundle of a running agent holds what is needed, and no secret`() async throws {
        let folder = try folder()
        try plant(folder)
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = try await test.protect()
            let path = "\(folder.path)/bundle.tar.gz"
            let result = await test.mtctl(
                "support-bundle", "--output", path, "--config", "\(folder.path)/master-target.yaml", "--since", "1h")
            #expect(result.code == 0, "\(result.errors)")
            #expect(result.output.contains("bundle.tar.gz has "))
            #expect(try folder.mode("bundle.tar.gz") == 0o600)
            let texts = try await unpack(path, folder)
            expectClean(texts)
            for name in [
                "agent/status.json", "agent/groups.json", "agent/health.json", "agent/disks.json", "agent/jobs.json",
                "agent/metrics.prom", "agent/retention.json", "configuration/master-target.yaml", "README.txt",
                "bundle.json", "state/certificates/registration/server.pem", "state/previews/b.json",
                "machine/self-mountinfo.txt", "machine/os-release.txt",
            ] { #expect(texts[name] != nil, "\(name) is missing") }
            #expect(texts["agent/metrics.prom"]?.contains("mastertarget_group_info{group=\"g\"") == true)
            #expect(texts["agent/groups.json"]?.contains("\"name\":\"g\"") == true)
            #expect(texts["state/certificates/pki/combined.pem"]?.contains("MIIBpublic") == true)
            #expect(texts["state/previews/b.json"]?.contains("kept-in-previews") == true)
            #expect(texts["configuration/master-target.yaml"]?.contains("\(folder.path)/elsewhere.key") == true)
            #expect(texts.keys.allSatisfy { !$0.hasSuffix(".key") && !$0.hasSuffix("passphrase") })
            #expect(texts["README.txt"]?.contains("The agent answered.") == true)
            let report = try JSON.decode(SupportReport.self, from: Array((texts["bundle.json"] ?? "").utf8))
            #expect(report.isAgentThere)
            #expect(report.removed >= 7)
            #expect(Set(report.files.map(\.name)).isSubset(of: Set(texts.keys)))
        }
    }

    @Test func `without an agent there is one all the same, and it says so`() async throws {
        let folder = try folder()
        try plant(folder)
        let path = "\(folder.path)/bundle.tar.gz"
        let result = await TestAppliance.mtctl([
            "support-bundle", "--output", path, "--config", "\(folder.path)/master-target.yaml", "--json", "--socket",
            "\(folder.path)/none.sock",
        ])
        #expect(result.code == 0, "\(result.errors)")
        let report = try JSON.decode(SupportReport.self, from: Array(result.output.utf8))
        #expect(!report.isAgentThere)
        #expect(report.path == path)
        #expect(try #require(report.bytes) == UInt64(try folder.bytes("bundle.tar.gz").count))
        #expect(report.leftOut.contains { $0.name == "agent/status.json" && $0.reason.contains("none.sock") })
        let texts = try await unpack(path, folder)
        expectClean(texts)
        #expect(texts["without-agent/health.json"]?.contains("\"schema\":1") == true)
        #expect(texts["README.txt"]?.contains("The agent did not answer.") == true)
        #expect(texts["state/reports/a.json"] == #"{"passphrase":"[removed]"}"#)
    }

    @Test func `a configuration that cannot be read keeps nobody from a bundle`() async throws {
        let folder = try folder()
        try folder.write("replication: [PLANTED\n  password: PLANTED", to: "broken.yaml")
        let path = "\(folder.path)/bundle.tar.gz"
        let result = await TestAppliance.mtctl([
            "support-bundle", "--output", path, "--config", "\(folder.path)/broken.yaml", "--json", "--socket",
            "\(folder.path)/none.sock",
        ])
        #expect(result.code == 0, "\(result.errors)")
        let report = try JSON.decode(SupportReport.self, from: Array(result.output.utf8))
        #expect(report.leftOut.contains { $0.name == "configuration" && $0.reason.contains("broken.yaml") })
        #expect(
            try await unpack(path, folder)["configuration/master-target.yaml"]?.contains("password: [removed]") == true)
    }

    @Test func `a file that is there is not overwritten`() async throws {
        let folder = try TestFolder()
        try folder.write("mine", to: "bundle.tar.gz")
        let result = await TestAppliance.mtctl([
            "support-bundle", "--output", "\(folder.path)/bundle.tar.gz", "--socket", "\(folder.path)/none.sock",
        ])
        #expect(result.code == 1)
        #expect(result.errors.contains("exists. Name another file with --output."))
        #expect(try folder.read("bundle.tar.gz") == "mine")
    }

    @Test func `sos makes a report with our plugin, and no secret is in it`() async throws {
        let script = MonitoringTool.root.appending(path: "scripts/monitoring.d/sos.py").path
        let (status, output) = try await MonitoringTool.run("/usr/bin/python3", [script, MonitoringTool.peers])
        #expect(status == 0, "\(output)")
        #expect(output.contains("0 findings; patterns"), "\(output)")
    }

    // MARK: Bounds

    private func bundle(_ limits: SupportBundle.Limits, programs: [String] = []) throws -> SupportBundle {
        let now = DateTime(Timestamp.seconds(1_795_228_454))
        return try SupportBundle(
            SupportReport(version: "1", host: "h", created: now, since: now, isAgentThere: false),
            scrubber: SecretScrubber(), limits: limits, programs: programs)
    }

    @Test func `files, their number, their sum and time are bounded, and what is left out is told`() async throws {
        let folder = try TestFolder()
        var limits = SupportBundle.Limits()
        limits.fileBytes = 100
        limits.totalBytes = 250
        limits.files = 3
        var bundle = try bundle(limits)
        bundle.add([UInt8](repeating: 0x61, count: 101), as: "large")
        for number in 1...3 { bundle.add([UInt8](repeating: 0x61, count: 100), as: "\(number)") }
        bundle.add(file: "\(folder.path)/none", as: "none")
        bundle.add(folder: "\(folder.path)/none", endings: [""], as: "folder")
        bundle.add(output: ["true"], as: "program")
        let report = try bundle.finish(to: "\(folder.path)/b.tar.gz")
        #expect(try folder.names(".") == ["b.tar.gz"])
        #expect(report.files.map(\.name) == ["1", "2"])
        #expect(report.leftOut.map(\.name) == ["large", "3", "none", "folder/", "program"])
        #expect(report.leftOut.allSatisfy { $0.reason.hasSuffix(".") })
    }

    @Test func `a program that goes on is ended, one that prints without end is cut, one without an output is told of`()
        async throws
    {
        let folder = try TestFolder()
        for (name, body) in [
            ("sleeper", "echo begun; exec sleep 60"), ("talker", "exec yes 'password: PLANTED'"), ("mute", "exit 3"),
            ("good", "echo $1; echo \"it's $2\" >&2"),
        ] {
            try folder.write("#!/bin/sh\n\(body)\n", to: name)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder.path)/\(name)")
        }
        var limits = SupportBundle.Limits()
        limits.fileBytes = 4096
        limits.programNanoseconds = 1_000_000_000
        var bundle = try bundle(limits, programs: [folder.path])
        let began = ContinuousClock.now
        for name in ["sleeper", "talker", "mute", "absent"] { bundle.add(output: [name], as: name) }
        bundle.add(output: ["good", "a b", "x'y; echo $HOME"], as: "good")
        #expect(ContinuousClock.now - began < .seconds(20))
        let path = "\(folder.path)/b.tar.gz"
        let report = try bundle.finish(to: path)
        let texts = try await unpack(path, folder)
        #expect(texts["sleeper"] == "begun\n")
        #expect(report.files.first { $0.name == "sleeper" }?.note?.contains("did not end") == true)
        #expect(texts["talker"]?.contains("PLANTED") == false)
        #expect(texts["good"] == "a b\nit's x'y; echo $HOME\n")
        #expect(report.leftOut.map(\.name) == ["mute", "absent"])
        #expect(report.leftOut.last?.reason == "absent is not installed.")
    }
}
