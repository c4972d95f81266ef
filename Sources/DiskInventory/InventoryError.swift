// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What the inventory refuses or cannot do: a code to act on, a sentence to show.
public struct InventoryError: Error, Hashable, Sendable {
    /// What was refused or failed, as far as callers act on it.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The ledger was written by a newer version.
        case unknownVersion
        /// The ledger cannot be read.
        case corruptLedger
        /// The ledger or a rules file cannot be read or written.
        case folderFailed
        /// The devices cannot be listed.
        case scanFailed
        /// A name under /dev, or something that is no identity.
        case notAnIdentity
        /// An identity that cannot stand in a rules file, or rules that udev does not take.
        case unguardable
    }

    /// What was refused or failed.
    public let code: Code
    /// A sentence with the object and the remedy.
    public let message: String
    /// The system's error, where one is behind it.
    public let cause: DeviceError?

    /// An error; the message is shown to operators as it is.
    public init(_ code: Code, _ message: String, cause: DeviceError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension InventoryError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
