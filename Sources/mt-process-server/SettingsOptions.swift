// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import LinuxSystem
import Registration

/// Where the settings of a registered process server come from.
struct SettingsOptions: ParsableArguments {
    @Option(help: "The configuration file. (default: \(RunSettings.defaultPath), where there is one)")
    var config: String?

    @Option(
        help: """
            Folder for what has to be remembered: the registration, positions, 256 MiB of digests for a tebibyte. \
            (default: \(RunSettings().statePath))
            """)
    var state: String?

    private var said: [SettingKey: String] { state.map { [.statePath: $0] } ?? [:] }

    func validate() throws { _ = try RunSettings(said: said) }

    /// - Parameter others: What the command line says besides.
    func load(_ others: [SettingKey: String] = [:]) async throws -> RunSettings {
        try await .load(
            file: config ?? RunSettings.defaultPath, isFileRequired: config != nil, environment: Terminal.environment,
            options: said.merging(others) { mine, _ in mine })
    }
}

extension RunSettings {
    var registration: RegistrationFolder { RegistrationFolder(path: "\(statePath)/registration") }
}
