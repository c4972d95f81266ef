// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Which system it is. Source: os-release(5).
struct OperatingSystem: Hashable, Sendable {
    enum Family: Hashable, Sendable {
        case debian
        case enterpriseLinux
        case other
    }
    let family: Family
    /// For people.
    let name: String

    init(_ tree: any HostTree) throws {
        let bytes =
            try tree.contents("/etc/os-release", limit: 65536) ?? tree.contents("/usr/lib/os-release", limit: 65536)
        self.init(parsing: String(decoding: bytes ?? [], as: UTF8.self))
    }

    init(parsing text: String) {
        var values: [Substring: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            values[line[..<equals]] = Self.unquoted(line[line.index(after: equals)...])
        }
        let ids = ([values["ID"] ?? ""] + (values["ID_LIKE"] ?? "").split(separator: " ").map(String.init))
        if ids.contains(where: { ["debian", "ubuntu"].contains($0) }) {
            family = .debian
        } else if ids.contains(where: { ["rhel", "centos", "fedora", "rocky", "almalinux", "ol"].contains($0) }) {
            family = .enterpriseLinux
        } else {
            family = .other
        }
        name = values["PRETTY_NAME"] ?? values["NAME"] ?? "This system"
    }

    /// A value of the shell's: in quotes or not, a backslash before what is taken literally.
    private static func unquoted(_ value: Substring) -> String {
        var rest = value
        if let first = rest.first, first == "\"" || first == "'", rest.count > 1, rest.last == first {
            rest = rest.dropFirst().dropLast()
        }
        var result = ""
        var isEscaped = false
        for character in rest {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }
}
