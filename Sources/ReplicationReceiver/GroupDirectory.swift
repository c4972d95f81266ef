// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives

/// Knows the groups of this appliance and who may send for them.
public protocol GroupDirectory: Sendable {
    /// Decides on a Hello: finds the group, holds the Hello against its ``GroupTerms`` and, where it is admitted, makes
    /// its fencing token the group's, durably. Does not block; `then` is called once, on any thread.
    ///
    /// Hellos for one group are decided one after another, so that a lower token never wins over a higher one.
    func admit(_ hello: Frame.Hello, from peer: PeerIdentity, then: @escaping @Sendable (AdmissionOutcome) -> Void)
}

/// What became of a Hello.
public enum AdmissionOutcome: Sendable {
    case admitted(AdmittedGroup)
    case refused(Frame.Refuse)
}

/// A group that takes this sender's data.
public struct AdmittedGroup: Sendable {
    /// Where the sender's data goes.
    public let group: any ReplicationGroup
    /// Disks that hold an earlier state of their source, and why they have to be compared with it. A disk that the
    /// group reports as out of step and that is not named here gets an initial sync.
    public let resyncReasons: [DiskNumber: String]

    /// An admitted group.
    public init(group: any ReplicationGroup, resyncReasons: [DiskNumber: String] = [:]) {
        self.group = group
        self.resyncReasons = resyncReasons
    }
}
