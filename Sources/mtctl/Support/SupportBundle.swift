// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import StateFiles
import StoragePrimitives

/// A bundle in the making: a folder that nobody else can look into, which becomes one file. Blocks.
///
/// Everything that goes in goes through the ``SecretScrubber``. What cannot be had is written down and left out, whatever
/// the reason: a bundle is asked for when something is wrong.
package struct SupportBundle {
    /// What a bundle may take.
    package struct Limits: Sendable {
        /// Bytes of one file.
        package var fileBytes = 8 << 20
        /// Bytes of all files, before they are compressed.
        package var totalBytes = 64 << 20
        /// Files in it.
        package var files = 2000
        /// Nanoseconds that one program may take.
        package var programNanoseconds: Int64 = 20_000_000_000
        /// Nanoseconds after which no more is begun.
        package var totalNanoseconds: Int64 = 120_000_000_000

        package init() {}
    }

    package private(set) var report: SupportReport
    private let folder: WorkFolder
    private let name: String
    private let scrubber: SecretScrubber
    private let limits: Limits
    private let clock: any SteadyClock
    private let programs: [String]
    private var used = 0

    /// - Parameter programs: Folders in which programs are looked for.
    package init(
        _ report: SupportReport, scrubber: SecretScrubber, limits: Limits = Limits(),
        clock: any SteadyClock = MachineSteadyClock(), programs: [String] = RootedTree.programFolders
    ) throws {
        self.report = report
        self.scrubber = scrubber
        self.limits = limits
        self.clock = clock
        self.programs = programs
        folder = try WorkFolder()
        name = "master-target-support-\(report.host)"
    }

    private var isLate: Bool { clock.nanoseconds() >= limits.totalNanoseconds }

    /// Writes down why something is not in it.
    package mutating func leaveOut(_ name: String, _ reason: String) {
        report.leftOut.append(.init(name: name, reason: reason))
    }

    /// Takes a text in, without its secrets.
    package mutating func add(_ text: [UInt8], as name: String, note: String? = nil) {
        guard text.count <= limits.fileBytes else {
            return leaveOut(
                name, "It has \(ByteCount(text.count)), more than the \(ByteCount(limits.fileBytes)) of a file.")
        }
        guard used + text.count <= limits.totalBytes, report.files.count < limits.files else {
            return leaveOut(name, "The bundle is full.")
        }
        let clean = scrubber.scrub(text)
        do {
            try write(clean.text, as: name)
        } catch {
            return leaveOut(name, "It could not be written: \(error).")
        }
        used += clean.text.count
        report.files.append(.init(name: name, bytes: clean.text.count, removed: clean.removed, note: note))
    }

    /// Takes a file of the machine in, if it is there.
    package mutating func add(file path: String, as name: String) {
        do {
            guard let text = try RootedTree().contents(path, limit: limits.fileBytes) else {
                return leaveOut(name, "There is no \(path).")
            }
            add(text, as: name)
        } catch {
            leaveOut(name, Self.sentence(error))
        }
    }

    /// Takes those files of a folder in whose names have one of these endings.
    package mutating func add(folder path: String, endings: [String], as name: String) {
        let names: [String]
        do {
            names = try DirectoryFolder(path: path).names().filter { name in endings.contains { name.hasSuffix($0) } }
        } catch {
            return leaveOut("\(name)/", error.code == .notFound ? "There is no \(path)." : Self.sentence(error))
        }
        for file in names.sorted() {
            if isLate { return leaveOut("\(name)/", "There was no time left.") }
            add(file: "\(path)/\(file)", as: "\(name)/\(file)")
        }
    }

    /// Takes in what a program prints.
    package mutating func add(output arguments: [String], as name: String) {
        let program = arguments.first ?? ""
        // One that cannot be looked for is not there.
        guard let path = (try? RootedTree().program(program, in: programs)) ?? nil else {
            return leaveOut(name, "\(program) is not installed.")
        }
        guard !isLate else { return leaveOut(name, "There was no time left.") }
        let raw = "\(folder.path)/output"
        let command = ([path] + arguments.dropFirst()).map(Self.quoted).joined(separator: " ")
        // In blocks of 512 bytes: who goes on is ended by the kernel, and what was written until then is there.
        let problem = ShellCommand.run(
            "ulimit -f \(max(1, limits.fileBytes / 512)); exec \(command) </dev/null >\(Self.quoted(raw)) 2>&1",
            environment: ["LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=", "TZ=UTC"],
            timeout: limits.programNanoseconds, clock: clock)
        do {
            // Where the shell's blocks are larger, so may the file be.
            let text = Array(
                (try SystemFiles.contents(raw, limit: 4 * limits.fileBytes) ?? []).prefix(limits.fileBytes))
            guard !text.isEmpty else {
                return leaveOut(name, problem.map { "\(program): \($0)." } ?? "\(program) said nothing.")
            }
            add(text, as: name, note: problem.map { "\(program): \($0)." })
        } catch {
            leaveOut(name, Self.sentence(error))
        }
    }

    /// Makes one file of it, mode 0600, and leaves nothing else behind.
    ///
    /// - Parameter path: It must not be there yet.
    package mutating func finish(to path: String) throws -> SupportReport {
        defer { folder.remove() }
        try write(Array(readMe.utf8), as: "README.txt")
        try write(JSON.encode(report), as: "bundle.json")
        let (parent, file) = PathText.split(path)
        let target = try DirectoryFolder(path: parent)
        do {
            _ = try target.create(file)
        } catch {
            guard error.code == .exists else { throw error }
            throw ControlFailure(.exists, "\(path) exists.", remedy: "Name another file with --output.")
        }
        let problem = ShellCommand.run(
            "tar --create --gzip --owner=0 --group=0 --numeric-owner --directory \(Self.quoted(folder.path)) "
                + "\(Self.quoted(name)) >\(Self.quoted(path))", environment: ["LC_ALL=C"],
            timeout: limits.totalNanoseconds + limits.programNanoseconds, clock: MachineSteadyClock())
        if let problem {
            try target.remove(file)
            throw ControlFailure(
                .inputOutput, "The bundle \(path) could not be written: \(problem).",
                remedy: "Name a file on another volume with --output.")
        }
        report.path = path
        report.bytes = try target.open(file).size().rawValue
        return report
    }

    // MARK: Files

    private func write(_ text: [UInt8], as name: String) throws(DeviceError) {
        let (parent, file) = PathText.split("\(folder.path)/\(self.name)/\(name)")
        try FolderTree.make(parent)
        try DirectoryFolder(path: parent).replace(file, with: text)
    }

    private var readMe: String {
        let omissions = report.leftOut.map { "  \($0.name): \($0.reason)" }
        let notes = report.files.compactMap { file in file.note.map { "  \(file.name): \($0)" } }
        return """
            Support bundle of \(report.host), made \(report.created) by mtctl \(report.version).
            Journals are in it from \(report.since) on. The agent \(report.isAgentThere ? "answered" : "did not answer").

            Private keys, passphrases, tokens and sign-in codes were taken out: \(report.removed) places, each marked
            \(SecretScrubber.mark). Certificates are public and are in it, and so are names of hosts, groups and disks.

            Not in it:
            \(omissions.isEmpty ? "  nothing that was looked for" : omissions.joined(separator: "\n"))

            \(notes.isEmpty ? "" : "To be known of what is in it:\n\(notes.joined(separator: "\n"))\n")
            """
    }

    private static func sentence(_ error: DeviceError) -> String {
        error.code == .permissionDenied ? "\(error.object) may be read by root only." : "\(error)"
    }

    /// One word for the shell, whatever is in it.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
