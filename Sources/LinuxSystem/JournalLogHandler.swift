// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Logging

/// Lines for the journal: a priority, the message, the fields. systemd takes the priority off the front of the line.
///
/// Source: man 3 sd-daemon, `SD_ERR` and its kin: `<N>` before a line on standard error.
public struct JournalLogHandler: LogHandler {
    /// What is less severe is left out.
    public var logLevel: Logger.Level
    /// Fields that go with every line.
    public var metadata: Logger.Metadata = [:]
    private let write: @Sendable (String) -> Void

    /// A handler.
    ///
    /// - Parameter write: Takes each line, without a line end.
    public init(level: Logger.Level, write: @escaping @Sendable (String) -> Void) {
        logLevel = level
        self.write = write
    }

    /// A field that goes with every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line; fields are sorted by key, those without a value left out.
    public func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.filter { "\($0.value)" != "" }
            .sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
        let line = "<\(priority(event.level))>\(event.message)\(fields)"
        write(line.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n")
    }

    private func quoted(_ text: String) -> String {
        text.contains { $0 == " " || $0 == "\"" } ? "\"\(text.replacing("\"", with: "'"))\"" : text
    }

    /// man 3 syslog.
    private func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
