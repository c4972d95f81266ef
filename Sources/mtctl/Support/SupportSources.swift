// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import StateFiles
import StoragePrimitives

/// What goes into a support bundle: one list for each place that something is taken from.
package struct SupportSources: Sendable {
    /// The agent's configuration file.
    package var config = ApplianceConfiguration.defaultPath
    /// Folders in which the agent may keep its records.
    package var statePaths: [String]
    /// How far back journals go.
    package var since: Timestamp

    package init(statePaths: [String], since: Timestamp) {
        self.statePaths = statePaths
        self.since = since
    }

    /// What the agent is asked: the name in the bundle, and the path.
    static let answers = [
        ("agent/status.json", ControlPath.status), ("agent/groups.json", ControlPath.groups),
        ("agent/health.json", ControlPath.health), ("agent/disks.json", ControlPath.disks),
        ("agent/multipath.json", ControlPath.multipath), ("agent/jobs.json", ControlPath.jobs),
        ("agent/previews.json", ControlPath.previews), ("agent/retention.json", ControlPath.retention),
        ("agent/metrics.prom", ControlPath.metrics),
    ]

    /// Folders of the state folder in which records are.
    static let records = ["groups", "jobs", "reports", "previews", "site-tasks", "registration"]

    /// The services that belong together on a machine; who is not installed is left out.
    static let units = ["mastertargetd", "mt-process-server", "mt-configuration-server", "multipathd"]

    /// Lines of a journal: the newest count.
    static let journalLines = 20_000

    // MARK: Secrets

    /// Folders with keys of this product's programs.
    private static let keyFolders = ["/var/lib/mt-process-server", "/var/lib/master-target-configuration"]

    /// What must not be in the bundle, as far as it can be read here: private keys line by line, and the machine's id.
    package func secrets(keyPaths: [String]) -> [String] {
        var paths = keyPaths
        for folder in statePaths.flatMap({ ["\($0)/pki", "\($0)/registration"] }) + Self.keyFolders {
            // What cannot be read here cannot get into the bundle from there either.
            let names = (try? SystemFiles.names(folder)) ?? []
            paths += names.filter { $0.hasSuffix(".key") }.map { "\(folder)/\($0)" }
        }
        let keys = paths.compactMap { path in
            // As above.
            ((try? SystemFiles.contents(path, limit: 1 << 20)) ?? nil).map { String(decoding: $0, as: UTF8.self) }
        }
        // As above. Source: machine-id(5): it is confidential, and must not be exposed in untrusted environments.
        let machine = ((try? SystemFiles.contents("/etc/machine-id", limit: 4096)) ?? nil).map {
            String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self)
        }
        return keys.flatMap(SecretScrubber.lines(ofKey:)) + [machine].compactMap { $0 }
    }

    // MARK: Collecting

    /// What can be had without the agent. Blocks.
    package func collect(into bundle: inout SupportBundle) {
        bundle.add(file: config, as: "configuration/master-target.yaml")
        bundle.add(
            file: "/etc/master-target/configuration-server.yaml", as: "configuration/configuration-server.yaml")
        bundle.add(folder: "/etc/multipath/conf.d", endings: [".conf"], as: "configuration/multipath")
        bundle.add(file: "/etc/multipath.conf", as: "configuration/multipath/multipath.conf")
        bundle.add(folder: "/etc/udev/rules.d", endings: [".rules"], as: "configuration/udev")
        for unit in Self.units {
            bundle.add(output: ["systemctl", "cat", unit], as: "services/\(unit).unit.txt")
            bundle.add(output: ["systemctl", "show", unit], as: "services/\(unit).properties.txt")
            bundle.add(
                output: ["systemctl", "status", "--no-pager", "--full", "--lines=0", unit],
                as: "services/\(unit).status.txt")
        }
        for (index, path) in statePaths.enumerated() {
            let name = index == 0 ? "state" : "state-\(index + 1)"
            bundle.add(folder: path, endings: [".json"], as: name)
            for folder in Self.records {
                bundle.add(folder: "\(path)/\(folder)", endings: [".json"], as: "\(name)/\(folder)")
            }
            for folder in ["pki", "registration"] {
                bundle.add(folder: "\(path)/\(folder)", endings: [".pem"], as: "\(name)/certificates/\(folder)")
            }
        }
        collectMachine(into: &bundle)
        for unit in Self.units { bundle.add(output: journal(["--unit", unit]), as: "journal/\(unit).txt") }
        bundle.add(output: journal(["--dmesg"]), as: "journal/kernel.txt")
    }

    private func journal(_ selection: [String]) -> [String] {
        let seconds = since.rawValue / 1_000_000_000
        return ["journalctl"] + selection
            + [
                "--since", "@\(seconds)", "--lines", "\(Self.journalLines)", "--no-pager", "--quiet", "--output",
                "short-iso-precise",
            ]
    }

    private func collectMachine(into bundle: inout SupportBundle) {
        let files = [
            "/etc/os-release", "/proc/version", "/proc/cmdline", "/proc/self/mountinfo", "/proc/partitions",
            "/proc/mdstat", "/proc/meminfo", "/proc/loadavg", "/proc/pressure/io", "/proc/pressure/memory",
            "/proc/pressure/cpu", "/proc/diskstats", "/proc/swaps",
        ]
        for file in files {
            let name = file.split(separator: "/").dropFirst().joined(separator: "-")
            bundle.add(file: file, as: "machine/\(name).txt")
        }
        let programs: [(String, [String])] = [
            ("lsblk.json", ["lsblk", "--json", "--bytes", "--output-all"]),
            ("multipath.txt", ["multipath", "-ll"]),
            ("multipath-configuration.txt", ["multipathd", "show", "config", "local"]),
            ("addresses.txt", ["ip", "address"]), ("routes.txt", ["ip", "route"]),
            ("sockets.txt", ["ss", "--listening", "--tcp", "--numeric"]),
            ("time.txt", ["timedatectl", "status"]), ("chrony.txt", ["chronyc", "tracking"]),
            ("packages-debian.txt", ["dpkg-query", "--show", "master-target*", "multipath-tools", "lvm2", "systemd"]),
            (
                "packages-enterprise.txt",
                ["rpm", "--query", "master-target", "device-mapper-multipath", "lvm2", "systemd"]
            ),
        ]
        for (name, arguments) in programs { bundle.add(output: arguments, as: "machine/\(name)") }
    }
}
