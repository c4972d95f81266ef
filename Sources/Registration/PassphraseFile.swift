// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import LinuxSystem
import StoragePrimitives

/// The file that an operator put the passphrase into.
public enum PassphraseFile {
    /// Reads the passphrase.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.invalidRequest` for a file that is not there, is empty or too short, is
    ///   no text, or that everybody on the machine may read.
    public static func read(_ path: String) throws(ConfigurationFailure) -> Passphrase {
        let file: SecretFile
        do {
            file = try SecretFile(path: path, limit: Passphrase.mostBytes + 2)
        } catch {
            throw ConfigurationFailure(
                .invalidRequest, "The passphrase file \(path) cannot be read (\(error)).",
                remedy: "Put the passphrase into a file of its own, mode 0600.")
        }
        guard !file.isOpenToOthers else {
            throw ConfigurationFailure(
                .invalidRequest, "Everybody on this machine may read or change the passphrase file \(path).",
                remedy: "chmod 600 \(path); if others may have read it: mt-configuration-server passphrase rotate.")
        }
        guard let text = String(validating: file.contents, as: UTF8.self) else {
            throw ConfigurationFailure(
                .invalidRequest, "The passphrase file \(path) is no text.",
                remedy: "Put the passphrase into a file of its own, mode 0600.")
        }
        return try Passphrase(text)
    }
}
