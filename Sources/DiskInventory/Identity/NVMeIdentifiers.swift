// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The names of an NVMe namespace.
///
/// Source: NVM Express base specification, "Namespace Identification Descriptor"; the kernel's attributes `nguid`, `eui`
/// and `uuid`.
public struct NVMeIdentifiers: Hashable, Sendable {
    /// The namespace's globally unique identifier, 16 bytes as 32 digits.
    public var nguid: String?
    /// The extended unique identifier, 8 bytes as 16 digits.
    public var eui64: String?
    /// The UUID, in its usual form.
    public var uuid: String?

    /// Reads the attributes as the kernel prints them. What is all zeroes was never given and counts as absent; what
    /// has another length is no identifier.
    public init(nguid: String?, eui64: String?, uuid: String?) {
        self.nguid = nguid.flatMap { Self.digits($0, count: 32) }
        self.eui64 = eui64.flatMap { Self.digits($0, count: 16) }
        self.uuid = uuid.flatMap { Self.digits($0, count: 32) }.map { digits in
            var rest = digits[...]
            return [8, 4, 4, 4, 12].map { length in
                defer { rest = rest.dropFirst(length) }
                return String(rest.prefix(length))
            }.joined(separator: "-")
        }
    }

    /// The text that the kernel's `wwid` has for the best of them, and multipathd takes: NGUID, then EUI-64, then UUID.
    public var identity: DiskIdentity? {
        (nguid.map { "eui.\($0)" } ?? eui64.map { "eui.\($0)" } ?? uuid.map { "uuid.\($0)" })
            .flatMap { DiskIdentity(rawValue: $0) }
    }

    private static func digits(_ text: String, count: Int) -> String? {
        let digits = text.lowercased().filter { $0 != "-" && $0 != " " && $0 != "\n" }
        guard digits.utf8.count == count, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
            digits.contains(where: { $0 != "0" })
        else { return nil }
        return digits
    }
}
