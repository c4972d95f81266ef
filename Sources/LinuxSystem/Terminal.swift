// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc

/// A program and who runs it: where its output goes, what it reads, its environment.
public enum Terminal {
    /// man 3 isatty.
    public static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    /// Whether somebody can type an answer: man 3 isatty.
    public static var isInput: Bool { isatty(STDIN_FILENO) == 1 }

    /// Columns of the terminal, 80 where it does not say.
    public static var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return 80 }
        return Int(size.ws_col)
    }

    /// A variable of the environment, or nil. Source: man 3 getenv.
    public static func environment(_ name: String) -> String? {
        // SAFETY: the string is copied before anything could change the environment.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// All of the environment.
    public static var environment: [String: String] {
        var values: [String: String] = [:]
        // SAFETY: the array ends with a null pointer, and each string is copied before anything could change it.
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let parts = unsafe String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
            unsafe entry += 1
        }
        return values
    }

    /// Writes to standard output or standard error; what nobody reads any more is lost. Source: man 2 write.
    public static func write(_ text: String, toError: Bool = false) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc::write(toError ? STDERR_FILENO : STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Writes a line whole and at once, also into a pipe.
    public static func writeLine(_ text: String, toError: Bool = false) { write(text + "\n", toError: toError) }

    /// The line typed, or nil at the end of the input.
    public static func readLine() -> String? { Swift.readLine() }

    /// Ends the program. Source: man 3 exit.
    public static func exit(_ code: Int32) -> Never { Glibc::exit(code) }
}
