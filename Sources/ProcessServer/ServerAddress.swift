// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Where a master target listens.
public struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// The port that a master target listens on unless it is told otherwise.
    public static let defaultPort = 9443

    /// A name or an address, without brackets.
    public let host: String
    /// 1 to 65,535.
    public let port: Int

    /// An address in parts.
    public init(host: String, port: Int = defaultPort) {
        self.host = host
        self.port = port
    }

    /// `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address.
    public init?(_ text: String, defaultPort: Int = Self.defaultPort) {
        var host = Substring(text)
        var port: Int? = defaultPort
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if !rest.isEmpty {
                guard rest.hasPrefix(":") else { return nil }
                port = Int(rest.dropFirst())
            }
        } else if let colon = text.firstIndex(of: ":"), text.lastIndex(of: ":") == colon {
            host = text[..<colon]
            port = Int(text[text.index(after: colon)...])
        }
        guard !host.isEmpty, let port, (1...65535).contains(port) else { return nil }
        self.init(host: String(host), port: port)
    }

    /// `host:port`, an IPv6 address in brackets.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
