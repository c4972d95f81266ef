// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Asks for a new certificate with the old one, from two thirds of its lifetime.
public struct RenewalRequest: Hashable, Sendable, Codable {
    /// PKCS #10 in PEM, for a new key.
    public var certificateRequest: String
    /// The machine it comes from.
    public var machine: MachineFingerprint

    /// A request.
    public init(certificateRequest: String, machine: MachineFingerprint) {
        self.certificateRequest = certificateRequest
        self.machine = machine
    }
}

/// The new certificate; the old one stays good until it expires.
public struct RenewalAnswer: Hashable, Sendable, Codable {
    /// The certificate in PEM.
    public var certificate: String
    /// The authority's certificate in PEM.
    public var authority: String

    /// An answer.
    public init(certificate: String, authority: String) {
        self.certificate = certificate
        self.authority = authority
    }
}
