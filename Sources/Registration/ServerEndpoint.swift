// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI

/// Where a configuration server may be: a name or an address, and a port.
public struct ServerEndpoint: Hashable, Sendable {
    /// A DNS name, or an IP address without brackets.
    public let host: String
    /// 1 to 65535.
    public let port: Int

    /// An endpoint.
    public init(host: String, port: Int = ConfigurationPath.defaultPort) {
        self.host = host
        self.port = port
    }

    /// Parses `HOST`, `HOST:PORT`, `[ADDRESS]:PORT` and a plain IPv6 address.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.invalidRequest`.
    public init(_ text: String) throws(ConfigurationFailure) {
        let parts = Self.parts(text)
        guard let parts, !parts.host.isEmpty, !parts.host.contains("/"), !parts.host.contains("@"),
            let port = parts.port.map({ Int($0) }) ?? ConfigurationPath.defaultPort, (1...65535).contains(port)
        else {
            throw ConfigurationFailure(
                .invalidRequest, "\"\(text)\" is not the address of a server.",
                remedy: "Write a name or an address, and a port after a colon if it is not 443.")
        }
        host = String(parts.host)
        self.port = port
    }

    private static func parts(_ text: String) -> (host: Substring, port: Substring?)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (host, nil) }
            return rest.hasPrefix(":") ? (host, rest.dropFirst()) : nil
        }
        let colons = text.filter { $0 == ":" }.count
        guard colons == 1, let colon = text.firstIndex(of: ":") else { return (text[...], nil) }
        return (text[..<colon], text[text.index(after: colon)...])
    }
}

extension ServerEndpoint: CustomStringConvertible {
    /// As it is parsed.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
