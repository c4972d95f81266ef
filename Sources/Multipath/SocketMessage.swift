// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How requests and replies travel on multipathd's socket.
///
///     offset  size  name    meaning
///     0       8     length  of what follows, in the machine's own width and byte order (size_t)
///     8       n     text    with a terminating null
///
/// Source: multipath-tools, libmpathcmd: the daemon's only client interface, made to be spoken.
public enum SocketMessage {
    /// Bytes of the length before each message.
    public static let lengthBytes = MemoryLayout<UInt>.size
    /// The most bytes of a reply that are accepted; a map of four paths takes about 3 KiB of JSON.
    public static let longestReply = 16 << 20

    /// A request as it travels.
    public static func request(_ text: String) -> [UInt8] {
        let body = Array(text.utf8) + [0]
        return bytes(of: UInt(body.count)) + body
    }

    /// The length of a reply, out of its first bytes.
    ///
    /// - Throws: ``MultipathError`` with `.replyTooLarge` before anything of that size is allocated.
    public static func replyLength(_ bytes: [UInt8], command: String) throws(MultipathError) -> Int {
        var length: UInt = 0
        for byte in ordered(bytes) { length = length << 8 | UInt(byte) }
        guard length <= UInt(longestReply) else {
            throw MultipathError(
                .replyTooLarge, object: command, detail: "it announces \(length) bytes, \(longestReply) are accepted")
        }
        return Int(length)
    }

    /// A reply's text without the null, once it is known not to be a refusal.
    public static func text(of reply: [UInt8], command: MultipathCommand) throws(MultipathError) -> [UInt8] {
        var text = reply[...]
        while text.last == 0 { text = text.dropLast() }
        // What it says instead of an answer: a word, or a sentence and its help after it.
        let line = String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }.prefix(longestRefusal), as: UTF8.self)
        switch line {
        case "fail", "fail\r": throw MultipathError(.refused, object: command.text, detail: "it said 'fail'")
        case "timeout": throw MultipathError(.timedOut, object: command.text, detail: "it is busy")
        default: break
        }
        if line.hasPrefix("permission deny") {
            throw MultipathError(.permissionDenied, object: command.text, detail: "it said '\(line)'")
        }
        if line.contains(": not found") || line.contains(": Missing argument") || line.contains(": incomplete command")
        {
            throw MultipathError(.refused, object: command.text, detail: "it said '\(line)'")
        }
        return Array(text)
    }

    private static let longestRefusal = 120

    /// Most significant byte first, whatever the machine's order is.
    private static func ordered(_ bytes: [UInt8]) -> [UInt8] { isLittleEndian ? bytes.reversed() : bytes }

    private static func bytes(of number: UInt) -> [UInt8] {
        ordered((0..<lengthBytes).map { UInt8(truncatingIfNeeded: number >> (8 * UInt(lengthBytes - 1 - $0))) })
    }

    private static var isLittleEndian: Bool { UInt(1).littleEndian == 1 }
}
