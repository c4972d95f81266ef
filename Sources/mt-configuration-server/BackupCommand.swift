// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationServer
import LinuxSystem

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes the whole server into one file, also while it runs.",
        discussion:
            "Whoever has the file is the server: keep it like the server itself. A file that is there is replaced.")

    @Argument(help: "The file.") var file: String
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        try ServerBackup.write(try StateFolder(path: try await settings.load().statePath), to: file)
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes a server of a backup, where there is none.",
        discussion: """
            The server may have another address than before: servers know it by its key. Those that were enrolled after \
            the backup have to enrol again.
            """)

    @Argument(help: "The file that backup wrote.") var file: String
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let settings = try await settings.load()
        try ServerBackup.restore(file, to: settings.statePath)
        Terminal.writeLine("The server is restored in \(settings.statePath).")
    }
}
