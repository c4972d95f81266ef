// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Something about the disks that somebody has to know.
public struct DiskFinding: Hashable, Sendable {
    /// What was found.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case duplicateIdentity
        case identityChanged
        case gone
        case returned
        case grown
        case shrunk
        case addressChanged
        case noIdentity
        case damagedIdentity
        case mixedMap
    }

    /// How bad it is.
    public enum Severity: Int, Hashable, Sendable, Comparable {
        case notice
        case warning
        case critical

        /// Less bad.
        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    /// What was found.
    public let kind: Kind
    /// How bad it is.
    public let severity: Severity
    /// The disks that it is about, by identity.
    public let identities: [DiskIdentity]
    /// The devices that it is about, by the kernel's names of now.
    public let devices: [String]
    /// What is so, in one sentence or a few.
    public let message: String
    /// What to do about it; empty where nothing has to be done.
    public let remedy: String

    /// A finding with its parts.
    public init(
        _ kind: Kind, _ severity: Severity, identities: [DiskIdentity], devices: [String], message: String,
        remedy: String = ""
    ) {
        self.kind = kind
        self.severity = severity
        self.identities = identities
        self.devices = devices
        self.message = message
        self.remedy = remedy
    }

    /// Whether a group that writes to one of these disks has to stop before its next write.
    public var stopsGroup: Bool {
        switch kind {
        case .duplicateIdentity, .identityChanged, .grown, .shrunk, .damagedIdentity, .mixedMap: true
        case .gone, .returned, .addressChanged, .noIdentity: false
        }
    }

    /// Whether a group that writes to one of these disks goes on without it, and is degraded.
    public var degradesGroup: Bool { kind == .gone }
}
