// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser

/// How groups are replicated, whichever they are.
struct ReplicationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Time from one pass to the next: 30s, 15m, 1h, 500ms. (default: 60s)", valueName: "time"))
    var interval: String?

    @Option(help: ArgumentHelp("Bytes a second at most, with K, M, G for powers of 1024.", valueName: "size"))
    var rateLimit: String?

    @Option(
        help: ArgumentHelp(
            "Run before the sources are opened: fsfreeze, a snapshot, a database checkpoint. Makes passes exact and "
                + "bookmarks application-consistent.", valueName: "command"))
    var beforePass: String?

    @Option(help: ArgumentHelp("Run after the sources are closed, whatever happened.", valueName: "command"))
    var afterPass: String?

    @Option(help: "What a failed command before a pass means: crash-consistent or skip. (default: crash-consistent)")
    var onHookFailure: String?

    @Option(help: ArgumentHelp("Time after which a command is killed. (default: 60s)", valueName: "time"))
    var hookTimeout: String?

    @Flag(help: "Nothing writes to the sources while they are read: passes are exact without commands.")
    var staticSource = false

    @Option(help: "Label of the bookmark that follows each pass; without it only quiesced passes and --once get one.")
    var bookmarkLabel: String?

    @Option(help: "Compression of what is sent: auto, none or lz4. (default: auto)") var compress: String?

    @Option(
        help: """
            Passes by dirty bitmap alone between two that read everything; 0 for never reading everything. \
            (default: 24)
            """)
    var fullScanEvery: String?

    /// What was said.
    var said: [SettingKey: String] {
        let texts: [SettingKey: String?] = [
            .interval: interval, .rateLimit: rateLimit, .beforePass: beforePass, .afterPass: afterPass,
            .onHookFailure: onHookFailure, .hookTimeout: hookTimeout, .staticSource: staticSource ? "true" : nil,
            .bookmarkLabel: bookmarkLabel, .compression: compress, .fullScanEvery: fullScanEvery,
        ]
        return texts.compactMapValues(\.self)
    }

    /// - Throws: A validation error that names the option, which ends the program with status 2.
    func validate() throws { _ = try RunSettings(said: said) }
}

extension RunSettings {
    /// What the command line says, over the defaults.
    ///
    /// - Throws: A validation error that names the option, which ends the program with status 2.
    init(said: [SettingKey: String]) throws {
        do {
            self = try RunSettings({ said[$0] }, named: \.option)
        } catch {
            throw ValidationError(error.sentence)
        }
    }
}
