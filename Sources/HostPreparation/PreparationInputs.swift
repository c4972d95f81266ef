// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What the machine's disks ask of the preparation.
public struct PreparationInputs: Sendable {
    /// Identities, as `scsi_id` prints them, of the disks under the root filesystem.
    public var rootIdentities: [String]
    /// Identities of the disks that are bound, which LVM must not look at.
    public var boundIdentities: [String]
    /// Where the texts of configuration files come from.
    public var texts: any PreparationTexts

    /// What the disks ask for.
    public init(rootIdentities: [String], boundIdentities: [String], texts: any PreparationTexts) {
        self.rootIdentities = rootIdentities
        self.boundIdentities = boundIdentities
        self.texts = texts
    }
}

/// The port to those who know what multipathd's configuration has to say.
public protocol PreparationTexts: Sendable {
    /// `/etc/multipath/conf.d/master-target.conf`: friendly names off, `skip_kpartx yes`, those disks blacklisted.
    func multipathDropIn(rootIdentities: [String]) throws -> String
}
