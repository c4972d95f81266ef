// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer

/// How groups are replicated, whichever they are, and where that is remembered.
package struct RunSettings: Equatable, Sendable {
    /// Folder for what has to be remembered: an absolute path.
    package var statePath = "/var/lib/mt-process-server"
    /// Nanoseconds from the start of one pass to that of the next.
    package var interval: Int64 = 60_000_000_000
    /// Passes by change maps alone between two that read everything; 0 for never reading everything.
    package var fullScanEvery = 24
    /// Nothing writes to the sources while they are read.
    package var isStatic = false
    /// The label of the bookmark that follows each pass; nil for none.
    package var bookmarkLabel: String?
    /// Commands around each pass.
    package var hooks = ProcessServerSettings.Hooks()
    /// Stops the source machines of a group; nil where nobody can from here.
    package var stopSource: String?
    /// Nanoseconds after which that is killed.
    package var stopTimeout: Int64 = 600_000_000_000
    /// Bytes a second; nil for no limit.
    package var rateLimit: UInt64?
    /// When payloads are compressed.
    package var compression = CompressionPolicy.Mode.auto

    /// The defaults.
    package init() {}

    /// What a setting must not be, as a sentence.
    package struct WrongSetting: Error {
        package let sentence: String
    }

    /// The defaults, but for what is said.
    ///
    /// - Parameters:
    ///   - text: What is said of a setting; nil where nothing is. An empty command is none.
    ///   - named: What the setting is called where it was said.
    package init(_ text: (SettingKey) -> String?, named: (SettingKey) -> String) throws(WrongSetting) {
        func value<Value>(
            _ key: SettingKey, _ form: String, _ parse: (String) -> Value?
        ) throws(WrongSetting) -> Value? {
            guard let text = text(key) else { return nil }
            guard let value = parse(text) else {
                throw WrongSetting(sentence: "\(named(key)) is \"\(text)\"; it must be \(form).")
            }
            return value
        }
        func time(_ key: SettingKey) throws(WrongSetting) -> Int64? {
            try value(key, "a time such as 30s, 15m or 500ms") { text in
                Quantity.nanoseconds(text).flatMap { $0 > 0 ? $0 : nil }
            }
        }
        func command(_ key: SettingKey) -> String? { text(key).flatMap { $0.isEmpty ? nil : $0 } }

        statePath = try value(.statePath, "an absolute path") { $0.hasPrefix("/") ? $0 : nil } ?? statePath
        interval = try time(.interval) ?? interval
        fullScanEvery =
            try value(.fullScanEvery, "a whole number, 0 or more") { text in
                Int(text).flatMap { $0 >= 0 ? $0 : nil }
            } ?? fullScanEvery
        isStatic = try value(.staticSource, "true or false") { Bool($0) } ?? isStatic
        bookmarkLabel = try value(.bookmarkLabel, "at most 128 bytes") { $0.utf8.count <= 128 ? $0 : nil }
        hooks.before = command(.beforePass)
        hooks.after = command(.afterPass)
        hooks.onFailure =
            try value(.onHookFailure, "crash-consistent or skip") { .init(rawValue: $0) } ?? hooks.onFailure
        hooks.timeout = try time(.hookTimeout) ?? hooks.timeout
        stopSource = command(.stopSource)
        stopTimeout = try time(.stopTimeout) ?? stopTimeout
        rateLimit = try value(.rateLimit, "a size such as 50M") { text in
            Quantity.bytes(text).flatMap { $0 > 0 ? $0 : nil }
        }
        compression = try value(.compression, "auto, none or lz4") { .init(rawValue: $0) } ?? compression
    }

    /// Says to a group's sender what holds for all of them.
    func apply(to settings: inout ProcessServerSettings) {
        settings.hooks = hooks
        settings.isStatic = isStatic
        settings.bookmarkLabel = bookmarkLabel
        settings.compression = compression
        settings.rateLimit = rateLimit
        settings.fullScanEvery = fullScanEvery
    }
}
