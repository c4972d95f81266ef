// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// An enrolment in memory, with every value fixed.
enum Enrolment {
    static let now = Timestamp.seconds(1_795_228_454)
    static let hostID = "0f8fad5b-d9cb-469f-a165-70867728950e"
    static let certificateRequest =
        "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"
    static let fingerprint = [UInt8](repeating: 0xC0, count: 32)
    static let otherFingerprint = [UInt8](repeating: 0xC1, count: 32)
    static let joinerNonce = [UInt8](repeating: 0xB0, count: 32)
    static let random = [UInt8](0..<16)
    static let scrypt = ScryptParameters(cost: 1 << 14, blockSize: 8, parallelism: 1, salt: HexBytes(Array(0..<16)))
    /// What scrypt gives is 32 octets; which ones does not matter to the machines.
    static let key = [UInt8](repeating: 7, count: 32)
    static let otherKey = [UInt8](repeating: 8, count: 32)

    static func identity(role: HostRole = .masterTarget, hostID: String = hostID) -> JoinerIdentity {
        JoinerIdentity(
            hostID: hostID, role: role, hostName: "mt-1.example", version: "1.0.0",
            machine: MachineFingerprint(machineID: HexBytes(Array(repeating: 1, count: 16))))
    }

    static func authority(
        key: [UInt8] = key, until: Timestamp? = nil, fingerprint: [UInt8] = fingerprint
    ) -> EnrolmentAuthority {
        EnrolmentAuthority(
            certificateFingerprint: fingerprint, scrypt: scrypt,
            accepted: [.init(passphraseKey: key, until: until)])
    }

    static func joiner(role: HostRole = .masterTarget, pinned: [UInt8]? = nil) -> EnrolmentJoiner {
        EnrolmentJoiner(
            identity: identity(role: role), certificateRequest: certificateRequest, nonce: joinerNonce,
            pinnedFingerprint: pinned)
    }

    /// What a joiner sends for a challenge that it got over a connection with that certificate.
    static func request(
        for challenge: EnrolmentChallenge, from joiner: inout EnrolmentJoiner, key: [UInt8] = key,
        seen: [UInt8] = fingerprint
    ) throws -> EnrolmentRequest {
        guard case .deriveKey = joiner.receivedChallenge(challenge, certificateFingerprint: seen),
            case .send(let request, _) = joiner.derivedKey(key)
        else { throw ConfigurationFailure(.outOfOrder, "The joiner did not go on.", remedy: "") }
        return request
    }
}
