// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Where an NBD export is: `nbd://host:port/export`, `nbd+unix:///export?socket=/path`, and `bitmap=NAME` as a
/// parameter.
///
/// Source: NBD URI specification, doc/uri.md of the reference implementation; `bitmap` is this program's.
public struct NBDAddress: Hashable, Sendable, CustomStringConvertible {
    /// Where the server listens.
    public enum Endpoint: Hashable, Sendable {
        case network(host: String, port: Int)
        case unixSocket(path: String)
    }

    /// The port that is registered for NBD (IANA).
    public static let defaultPort = 10809

    /// Where the server listens.
    public let endpoint: Endpoint
    /// The name of the export; empty for the server's default.
    public let export: String
    /// The name of a dirty bitmap, without `qemu:dirty-bitmap:`.
    public let bitmap: String?
    /// The address as it was written.
    public let description: String

    /// Takes a URI apart; nil where it is none of those that are understood.
    public init?(_ text: String) {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        var rest = text[scheme.upperBound...]
        var parameters: [Substring: String] = [:]
        if let question = rest.firstIndex(of: "?") {
            for pair in rest[rest.index(after: question)...].split(separator: "&") {
                guard let equals = pair.firstIndex(of: "="),
                    let value = Self.decoded(pair[pair.index(after: equals)...])
                else { return nil }
                parameters[pair[..<equals]] = value
            }
            rest = rest[..<question]
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let export = Self.decoded(rest[slash...].dropFirst()) else { return nil }
        switch text[..<scheme.lowerBound] {
        case "nbd":
            guard let address = ServerAddress(String(rest[..<slash]), defaultPort: Self.defaultPort) else { return nil }
            endpoint = .network(host: address.host, port: address.port)
        case "nbd+unix":
            guard slash == rest.startIndex, let socket = parameters["socket"], socket.hasPrefix("/") else { return nil }
            endpoint = .unixSocket(path: socket)
        default: return nil
        }
        self.export = export
        bitmap = parameters["bitmap"]
        description = text
    }

    /// Percent-decoded, or nil when that is malformed.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var units = text.utf8.makeIterator()
        while let unit = units.next() {
            guard unit == UInt8(ascii: "%") else {
                bytes.append(unit)
                continue
            }
            guard let high = units.next(), let low = units.next(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
