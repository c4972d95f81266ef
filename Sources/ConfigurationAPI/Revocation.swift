// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// A certificate that was taken back before it expired.
public struct Revocation: Hashable, Sendable, Codable {
    /// Its serial number in hexadecimal, octets separated by colons.
    public var serial: String
    /// Whose it was.
    public var hostID: String
    /// When it was taken back.
    public var moment: DateTime
    /// Why, in the operator's words.
    public var reason: String

    /// A revocation.
    public init(serial: String, hostID: String, moment: DateTime, reason: String) {
        self.serial = serial
        self.hostID = hostID
        self.moment = moment
        self.reason = reason
    }
}

/// Every certificate that was taken back and has not expired.
public struct RevocationList: Hashable, Sendable, Codable {
    /// Grows with every change; who has the same number need not fetch the list.
    public var number: UInt64
    /// The certificates.
    public var revoked: [Revocation]

    /// A list.
    public init(number: UInt64, revoked: [Revocation]) {
        self.number = number
        self.revoked = revoked
    }

    /// The serial numbers as certificates have them, without leading zeroes.
    public var serials: Set<[UInt8]> {
        Set(revoked.compactMap { HexBytes($0.serial).map { Array($0.bytes.drop { $0 == 0 }) } })
    }
}

/// Takes all certificates of a server back.
public struct RevokeRequest: Hashable, Sendable, Codable {
    /// Why: 1 to 500 characters.
    public var reason: String

    /// A request.
    public init(reason: String) { self.reason = reason }

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        (1...500).contains(reason.count) ? nil : "The reason has \(reason.count) characters; it must have 1 to 500."
    }
}
