// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HostPreparation

/// qemu-img, for what it does well: images in formats, and exports of other servers. Blocks.
package struct ImageTool {
    private let runner: any CommandRunner

    package init(runner: any CommandRunner) { self.runner = runner }

    /// Copies an export to an image or to another export, and compares the two.
    ///
    /// - Parameters:
    ///   - format: Of the destination, as qemu-img calls it.
    ///   - isThere: The destination exists and is as large as it has to be.
    package func copy(from uri: String, to destination: String, format: String, isThere: Bool, shows: Bool) throws {
        guard runner.run("command -v qemu-img >/dev/null") == nil else {
            throw ControlFailure(
                .unavailable, "qemu-img, which writes \(format) images and to other servers, is not installed.",
                remedy: "Install qemu-utils (Debian, Ubuntu) or qemu-img (Enterprise Linux), or copy to a raw file.")
        }
        let flags = (isThere ? "-n " : "") + (shows ? "-p " : "")
        let quiet = shows ? "" : " >/dev/null"
        try run(
            "umask 077; qemu-img convert -f raw \(flags)-O \(format) \(quoted(uri)) \(quoted(destination))\(quiet)",
            "\(destination) could not be written")
        try run(
            "qemu-img compare -f raw -F \(format) \(quoted(uri)) \(quoted(destination)) >/dev/null",
            "\(destination) does not hold what was written to it")
    }

    private func run(_ command: String, _ failure: String) throws {
        guard let problem = runner.run(command) else { return }
        throw ControlFailure(.inputOutput, "\(failure): \(problem).", remedy: "Remove it, and try another place.")
    }

    /// One word for the shell, whatever is in it.
    private func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
