// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDServer

/// Where a preview listens, as an operator writes it: `unix:PATH`, `HOST:PORT` or `[IPv6]:PORT`.
package struct PreviewAddress: Hashable, Sendable, Codable, CustomStringConvertible {
    package let endpoint: NBDEndpoint
    package let description: String

    /// Nil for what is none.
    package init?(_ text: String) {
        description = text
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            // man 7 unix: sun_path has 108 bytes, the last of them zero.
            guard path.hasPrefix("/"), path.utf8.count <= 107 else { return nil }
            endpoint = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.count <= 253 else { return nil }
        endpoint = .tcp(host: String(host), port: Int(port))
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let address = PreviewAddress(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is no address to listen on"))
        }
        self = address
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Whether the network reaches it: then TLS is a must.
    package var isOnNetwork: Bool {
        switch endpoint {
        case .tcp: true
        case .unix: false
        }
    }

    /// What clients are given (NBD protocol, doc/uri.md).
    package func uri(of export: String) -> String {
        switch endpoint {
        case .tcp: "nbds://\(description)/\(Self.escaped(export))"
        case .unix(let path): "nbd+unix:///\(Self.escaped(export))?socket=\(Self.escaped(path))"
        }
    }

    /// RFC 3986: what may stand in a path or a query as it is, and all the rest as percent and two digits.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
