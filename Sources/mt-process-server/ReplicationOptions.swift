// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ProcessServer

/// How groups are replicated, whichever they are.
struct ReplicationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Time from one pass to the next: 30s, 15m, 1h, 500ms.", valueName: "time"))
    var interval: String = "60s"

    @Option(help: ArgumentHelp("Bytes a second at most, with K, M, G for powers of 1024.", valueName: "size"))
    var rateLimit: String?

    @Option(
        help: ArgumentHelp(
            "Run before the sources are opened: fsfreeze, a snapshot, a database checkpoint. Makes passes exact and "
                + "bookmarks application-consistent.", valueName: "command"))
    var beforePass: String?

    @Option(help: ArgumentHelp("Run after the sources are closed, whatever happened.", valueName: "command"))
    var afterPass: String?

    @Option(help: ArgumentHelp("What a failed command before a pass means: crash-consistent or skip."))
    var onHookFailure: String = "crash-consistent"

    @Option(help: ArgumentHelp("Time after which a command is killed.", valueName: "time"))
    var hookTimeout: String = "60s"

    @Flag(help: "Nothing writes to the sources while they are read: passes are exact without commands.")
    var staticSource = false

    @Option(help: "Label of the bookmark that follows each pass; without it only quiesced passes and --once get one.")
    var bookmarkLabel: String?

    @Option(help: "Compression of what is sent: auto, none or lz4.") var compress: String = "auto"

    @Option(help: "Passes by dirty bitmap alone between two that read everything; 0 for never reading everything.")
    var fullScanEvery: Int = 24

    /// - Throws: A validation error that names the option, which ends the program with status 2.
    func validate() throws {
        var settings = ProcessServerSettings(group: "", server: ServerAddress(host: ""))
        try apply(to: &settings)
        _ = try passInterval()
    }

    /// Nanoseconds from one pass to the next.
    func passInterval() throws -> Int64 { try Self.time(interval, "--interval") }

    func apply(to settings: inout ProcessServerSettings) throws {
        settings.hooks.before = beforePass
        settings.hooks.after = afterPass
        guard let onFailure = ProcessServerSettings.HookFailure(rawValue: onHookFailure) else {
            throw ValidationError("--on-hook-failure is 'crash-consistent' or 'skip', not '\(onHookFailure)'.")
        }
        settings.hooks.onFailure = onFailure
        settings.hooks.timeout = try Self.time(hookTimeout, "--hook-timeout")
        settings.isStatic = staticSource
        guard (bookmarkLabel?.utf8.count ?? 0) <= 128 else { throw ValidationError("--bookmark-label is too long.") }
        settings.bookmarkLabel = bookmarkLabel
        guard let mode = CompressionPolicy.Mode(rawValue: compress) else {
            throw ValidationError("--compress is 'auto', 'none' or 'lz4', not '\(compress)'.")
        }
        settings.compression = mode
        if let rateLimit {
            guard let bytes = Quantity.bytes(rateLimit), bytes > 0 else {
                throw ValidationError("--rate-limit '\(rateLimit)' is not a size such as 50M.")
            }
            settings.rateLimit = bytes
        }
        settings.fullScanEvery = fullScanEvery
    }

    static func time(_ text: String, _ option: String) throws -> Int64 {
        guard let nanoseconds = Quantity.nanoseconds(text), nanoseconds > 0 else {
            throw ValidationError("\(option) '\(text)' is not a time such as 30s, 15m or 500ms.")
        }
        return nanoseconds
    }
}
