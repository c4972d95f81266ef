// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// The octets of an address in its usual text form.
enum IPAddress {
    /// IPv4 with dots, everything else as groups of two octets in hexadecimal.
    static func text(_ octets: [UInt8]) -> String {
        if octets.count == 4 { return octets.map { "\($0)" }.joined(separator: ".") }
        return stride(from: 0, to: octets.count, by: 2).map { index in
            let next = index + 1 < octets.count ? UInt16(octets[index + 1]) : 0
            return String(UInt16(octets[index]) << 8 | next, radix: 16)
        }.joined(separator: ":")
    }

    static func octets(_ text: String) -> [UInt8]? {
        // The error says no more than that it is none.
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
        switch address {
        case .v4(let address):
            // SAFETY: copied while the address is alive; the field has four octets in network order.
            return unsafe withUnsafeBytes(of: address.address.sin_addr) { unsafe Array($0) }
        case .v6(let address):
            // SAFETY: as above; sixteen octets.
            return unsafe withUnsafeBytes(of: address.address.sin6_addr) { unsafe Array($0) }
        case .unixDomainSocket:
            return nil
        }
    }
}
