// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The settings of `mt-process-server run` by name: in the file as nested keys, in the environment in upper case with
/// underscores after `MASTER_TARGET_PROCESS_SERVER_`, on the command line as options of their own.
package enum SettingKey: String, CaseIterable, Sendable {
    case statePath = "state.path"
    case interval = "passes.interval"
    case fullScanEvery = "passes.fullScanEvery"
    case staticSource = "passes.staticSource"
    case bookmarkLabel = "passes.bookmarkLabel"
    case beforePass = "commands.beforePass"
    case afterPass = "commands.afterPass"
    case onHookFailure = "commands.onFailure"
    case hookTimeout = "commands.timeout"
    case stopSource = "commands.stopSource"
    case stopTimeout = "commands.stopTimeout"
    case rateLimit = "transfer.rateLimit"
    case compression = "transfer.compress"

    var components: [String] { rawValue.split(separator: ".").map(String.init) }

    /// The option of the command line.
    var option: String {
        switch self {
        case .statePath: "--state"
        case .interval: "--interval"
        case .fullScanEvery: "--full-scan-every"
        case .staticSource: "--static-source"
        case .bookmarkLabel: "--bookmark-label"
        case .beforePass: "--before-pass"
        case .afterPass: "--after-pass"
        case .onHookFailure: "--on-hook-failure"
        case .hookTimeout: "--hook-timeout"
        case .stopSource: "--stop-source"
        case .stopTimeout: "--stop-timeout"
        case .rateLimit: "--rate-limit"
        case .compression: "--compress"
        }
    }
}
