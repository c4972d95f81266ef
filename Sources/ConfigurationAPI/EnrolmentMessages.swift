// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// What the server gives to whoever asks: enough to prove the passphrase to it once, within two minutes.
public struct EnrolmentChallenge: Hashable, Sendable, Codable {
    /// ``EnrolmentTranscript/protocolName``.
    public var `protocol`: String
    /// Good for one attempt; 16 to 64 octets.
    public var serverNonce: HexBytes
    /// How the key is derived from the passphrase.
    public var scrypt: ScryptParameters
    /// Until when the nonce is good, by the server's clock.
    public var expires: DateTime

    /// A challenge.
    public init(protocol: String, serverNonce: HexBytes, scrypt: ScryptParameters, expires: DateTime) {
        self.protocol = `protocol`
        self.serverNonce = serverNonce
        self.scrypt = scrypt
        self.expires = expires
    }
}

/// What a joining server says of itself.
public struct JoinerIdentity: Hashable, Sendable, Codable {
    /// Its host id: a UUID in lower case.
    public var hostID: String
    /// What it wants to do.
    public var role: HostRole
    /// What operators call it.
    public var hostName: String
    /// The version of its program.
    public var version: String
    /// The machine it runs on.
    public var machine: MachineFingerprint

    /// An identity.
    public init(hostID: String, role: HostRole, hostName: String, version: String, machine: MachineFingerprint) {
        self.hostID = hostID
        self.role = role
        self.hostName = hostName
        self.version = version
        self.machine = machine
    }

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if !HostText.isHostID(hostID) { return "The host id must be a UUID in lower case." }
        if !HostText.isHostName(hostName) { return "The host name must be 1 to 253 letters, digits, dots and hyphens." }
        if !HostText.isVersion(version) { return "The version must be 1 to 64 letters, digits and .+-~_." }
        return machine.complaint
    }
}

/// What a joining server sends: who it is, its certificate request, and the proof that it knows the passphrase.
public struct EnrolmentRequest: Hashable, Sendable, Codable {
    /// ``EnrolmentTranscript/protocolName``.
    public var `protocol`: String
    /// The challenge's nonce.
    public var serverNonce: HexBytes
    /// The joiner's own: 32 octets.
    public var joinerNonce: HexBytes
    /// Who it is.
    public var identity: JoinerIdentity
    /// PKCS #10 in PEM, at most ``maximumRequestBytes`` octets.
    public var certificateRequest: String
    /// HMAC-SHA256 over the transcript: 32 octets.
    public var proof: HexBytes

    /// A request for a P-256 key has about 500 octets; names and addresses add some.
    public static let maximumRequestBytes = 8 << 10
    /// Octets of the joiner's nonce.
    public static let joinerNonceBytes = 32

    /// A request.
    public init(
        protocol: String, serverNonce: HexBytes, joinerNonce: HexBytes, identity: JoinerIdentity,
        certificateRequest: String, proof: HexBytes
    ) {
        self.protocol = `protocol`
        self.serverNonce = serverNonce
        self.joinerNonce = joinerNonce
        self.identity = identity
        self.certificateRequest = certificateRequest
        self.proof = proof
    }
}

/// What the server answers: the certificate, the authority to trust from now on, and its own proof.
public struct EnrolmentAnswer: Hashable, Sendable, Codable {
    /// The joiner's certificate in PEM.
    public var certificate: String
    /// The authority's certificate in PEM.
    public var authority: String
    /// HMAC-SHA256 over the transcript and both certificates, with the server's key: 32 octets.
    public var proof: HexBytes

    /// An answer.
    public init(certificate: String, authority: String, proof: HexBytes) {
        self.certificate = certificate
        self.authority = authority
        self.proof = proof
    }
}
