// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import LinuxSystem
import StoragePrimitives

/// An operator with a certificate, as `mt-configuration-server operator issue NAME --into FOLDER` writes it:
/// `NAME.operator.pem`, `NAME.operator.key` and `authority.pem`.
public struct OperatorFolder: Sendable {
    /// The operator's name, by the certificate.
    public let name: String
    /// What is shown to the server.
    public let credentials: Credentials
    /// Until when the certificate is valid.
    public let expires: DateTime

    private static let maximumFileBytes = 64 << 10
    private static let suffix = ".\(HostRole.operator.rawValue).pem"

    /// Reads a folder. Blocks.
    ///
    /// - Parameters:
    ///   - name: Which operator; nil where the folder has one only.
    ///   - now: For whether the certificate has expired.
    /// - Throws: ``ConfigurationFailure`` for a folder without an operator, with several, with a key that everybody may
    ///   read, and for a certificate that is none of an operator, or not of that key, or has expired.
    public init(path: String, operator name: String? = nil, now: Timestamp) throws(ConfigurationFailure) {
        let named = if let name { name } else { try Self.onlyOperator(in: path) }
        let base = "\(path)/\(named).\(HostRole.operator.rawValue)"
        let certificate = try Self.text("\(base).pem")
        let key = try Self.text("\(base).key", isSecret: true)
        let authority = try Self.text("\(path)/authority.pem")
        let issued: IssuedCertificate
        do {
            issued = try IssuedCertificate(pemEncoded: certificate)
            credentials = try Credentials(
                certificate: certificate, key: HostKey(pemEncoded: key), authority: authority)
        } catch {
            throw Self.wrong("The files of the operator \(named) in \(path) do not fit (\(error)).")
        }
        guard issued.role == .operator else { throw Self.wrong("\(base).pem is no certificate of an operator.") }
        guard now < issued.notAfter.timestamp else {
            throw Self.wrong("The certificate \(base).pem expired at \(issued.notAfter).")
        }
        self.name = issued.host
        expires = issued.notAfter
    }

    private static func onlyOperator(in path: String) throws(ConfigurationFailure) -> String {
        let names: [String]
        do {
            names = try DirectoryFolder(path: path).names().filter { $0.hasSuffix(suffix) && $0 != suffix }.sorted()
        } catch {
            throw wrong("The folder \(path) cannot be read (\(error)).")
        }
        let operators = names.map { String($0.dropLast(suffix.count)) }
        guard let first = operators.first else { throw wrong("The folder \(path) has no certificate of an operator.") }
        guard operators.count == 1 else {
            throw ConfigurationFailure(
                .invalidRequest, "The folder \(path) is of several operators: \(operators.joined(separator: ", ")).",
                remedy: "Say which with --operator.")
        }
        return first
    }

    private static func text(_ path: String, isSecret: Bool = false) throws(ConfigurationFailure) -> String {
        let file: SecretFile
        do {
            file = try SecretFile(path: path, limit: maximumFileBytes)
        } catch {
            throw wrong("\(path) cannot be read (\(error)).")
        }
        guard !isSecret || !file.isOpenToOthers else {
            throw ConfigurationFailure(
                .invalidRequest, "Everybody on this machine may read or change the key \(path).",
                remedy: "chmod 600 \(path); if others may have read it: mt-configuration-server operator revoke.")
        }
        return String(decoding: file.contents, as: UTF8.self)
    }

    private static func wrong(_ message: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .invalidRequest, message,
            remedy: "On the configuration server: mt-configuration-server operator issue NAME --into FOLDER.")
    }
}
