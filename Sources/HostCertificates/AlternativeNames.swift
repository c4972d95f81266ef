// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import SwiftASN1
import X509

/// The names and addresses that a host is reached by, as a certificate carries them.
///
/// Source: RFC 5280, section 4.2.1.6: names as they are, four octets for IPv4, sixteen for IPv6.
public struct AlternativeNames: Hashable, Sendable {
    /// The most that one certificate may have.
    public static let maximumCount = 32

    let names: [GeneralName]

    /// Nobody connects to it.
    public static let none = AlternativeNames(names: [])

    private init(names: [GeneralName]) { self.names = names }

    /// - Parameters:
    ///   - names: DNS names; `addresses`: IPv4 or IPv6 in their text form.
    /// - Throws: ``ControlFailure`` with `.invalidRequest` for what is no address, and for more than ``maximumCount``.
    public init(names: [String], addresses: [String]) throws {
        let addresses = try addresses.map { address in
            guard let bytes = IPAddress.octets(address) else {
                throw ControlFailure(
                    .invalidRequest, "\"\(address)\" is not an IP address.",
                    remedy: "Write 192.0.2.1 or 2001:db8::1; names go with --dns.")
            }
            return GeneralName.ipAddress(ASN1OctetString(contentBytes: bytes[...]))
        }
        try self.init(checking: names.map { GeneralName.dnsName($0) } + addresses)
    }

    /// Those of an extension of a certificate or of a request; none where it is not there.
    ///
    /// - Throws: ``ControlFailure`` with `.invalidRequest` for any kind but DNS names and addresses.
    init(of extensions: Certificate.Extensions) throws {
        try self.init(checking: (try extensions.subjectAlternativeNames).map { Array($0) } ?? [])
    }

    private init(checking names: [GeneralName]) throws {
        guard names.count <= Self.maximumCount else {
            throw ControlFailure(
                .invalidRequest, "A certificate has at most \(Self.maximumCount) names and addresses.",
                remedy: "Ask for fewer.")
        }
        for name in names {
            switch name {
            case .dnsName(let text) where Self.isName(text): continue
            case .ipAddress(let octets) where [4, 16].contains(octets.bytes.count): continue
            default:
                throw ControlFailure(
                    .invalidRequest, "\(name) is neither a DNS name nor an IP address.",
                    remedy: "Use names of letters, digits, dots and hyphens, and addresses.")
            }
        }
        self.names = names
    }

    /// 1 to 253 letters, digits, dots, hyphens and underscores; no wildcards.
    private static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        return !bytes.isEmpty && bytes.count <= 253
            && bytes.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || [0x2D, 0x2E, 0x5F].contains(byte)
            }
    }
}
