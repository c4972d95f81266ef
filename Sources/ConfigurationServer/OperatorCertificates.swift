// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import LinuxSystem
import StoragePrimitives

/// Certificates of operators: made and taken back by who has the server's files.
public enum OperatorCertificates {
    /// Makes `NAME.operator.pem`, `NAME.operator.key` and `authority.pem` in a folder, mode 0600.
    ///
    /// - Parameters:
    ///   - name: The operator's name: 1 to 63 letters, digits, dots, hyphens and underscores.
    ///   - days: Until it expires.
    /// - Throws: ``ConfigurationFailure``; nothing is overwritten.
    public static func issue(
        _ name: String, from folder: StateFolder, into path: String, days: Int, now: Timestamp
    ) async throws -> IssuedCertificate {
        guard CreateGroupRequest.isPermittedName(name), !HostText.isHostID(name) else {
            throw ConfigurationFailure.wrong("\"\(name)\" cannot be the name of an operator.")
        }
        let signer = try folder.signer()
        let key = HostKey()
        let pem = try signer.sign(key, host: name, role: .operator, names: .none, days: days, now: now)
        let issued = try IssuedCertificate(pemEncoded: pem)
        do {
            let target = try DirectoryFolder(path: path, create: true)
            let base = "\(name).\(HostRole.operator.rawValue)"
            for file in ["\(base).key", "\(base).pem"] where try target.contents(of: file, limit: 1 << 20) != nil {
                throw ConfigurationFailure(
                    .conflict, "\(path)/\(file) exists, and keys are never overwritten.",
                    remedy: "Move it away, or choose another folder.")
            }
            // First where it can be taken back.
            let inventory = try await folder.openInventory()
            try await inventory.recordOperator(issued, now: now)
            try await inventory.close()
            try target.replace("\(base).key", with: Array(key.pem.utf8))
            try target.replace("\(base).pem", with: Array(pem.utf8))
            try target.replace("authority.pem", with: Array(try signer.certificatePEM.utf8))
        } catch let error as DeviceError {
            throw ConfigurationFailure(error)
        }
        return issued
    }

    /// Takes all certificates of an operator back; a server that is running knows it at once.
    public static func revoke(_ name: String, in folder: StateFolder, reason: String, now: Timestamp) async throws {
        if let complaint = RevokeRequest(reason: reason).complaint { throw ConfigurationFailure.wrong(complaint) }
        let inventory = try await folder.openInventory()
        try await inventory.revokeOperator(name, reason: reason, now: now)
        try await inventory.close()
    }
}
