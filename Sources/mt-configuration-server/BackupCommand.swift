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
        try await ServerBackup.write(try await settings.folder(), to: file)
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes a server of a backup, where there is none.",
        discussion: """
            The server may have another address than before: servers know it by its key. Those that were enrolled after \
            the backup have to enrol again. With --database the inventory goes into that database, which has to be empty.
            What was done after the backup is not known: passphrases that were replaced since are good again, and \
            certificates that were taken back since are not taken back.
            """)

    @Argument(help: "The file that backup wrote.") var file: String
    @Flag(help: "The database is the site's already: this is one more server that shares it.") var keysOnly = false
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let settings = try await settings.load()
        try await ServerBackup.restore(
            file, to: settings.statePath, database: settings.database, isKeysOnly: keysOnly)
        Terminal.writeLine("The server is restored in \(settings.statePath).")
        guard !keysOnly else { return }
        Terminal.writeLine(
            "It knows nothing of what was done after the backup. Take back again what was taken back since, and where the "
                + "passphrase was replaced since: mt-configuration-server passphrase rotate.")
    }
}
