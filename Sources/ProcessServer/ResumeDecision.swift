// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What to do after a Welcome: the meeting of what the receiver holds with what is remembered here.
///
/// | receiver's last durable | remembered | decision |
/// | --- | --- | --- |
/// | confirmed | no pending pass | go on |
/// | confirmed | pending, not confirmed | drop it; the receiver discarded the open batch |
/// | pending's sequence | pending without bookmark | promote it |
/// | pending's sequence | pending with bookmark | promote it; send the bookmark again |
/// | pending's bookmark | pending with bookmark | promote it |
/// | anything else | | what is remembered is worth nothing: resync every disk |
///
/// A disk whose target is out of step by the receiver's own word, or which has no digests here, is synced in any case.
public struct ResumeDecision: Hashable, Sendable {
    /// What becomes of the pass that was pending.
    public enum Pending: Hashable, Sendable {
        case none
        case drop
        case promote(sendBookmark: Bool)
    }

    /// What a disk needs before the next pass.
    public enum Sync: Hashable, Sendable {
        case none
        case initial
        case resync(reason: String)
    }

    /// What the receiver says of one disk.
    public enum RemoteState: Hashable, Sendable {
        case initialSync
        case resync(reason: String)
        case differential
    }

    /// A disk, as both ends see it.
    public struct Disk: Hashable, Sendable {
        /// What the receiver says of it.
        public let remote: RemoteState
        /// Whether digests of all of the disk are remembered here.
        public let isRemembered: Bool

        /// A disk, as both ends see it.
        public init(remote: RemoteState, isRemembered: Bool) {
            self.remote = remote
            self.isRemembered = isRemembered
        }
    }

    /// What becomes of the pass that was pending.
    public let pending: Pending
    /// One for each disk, in order.
    public let syncs: [Sync]

    /// - Parameters:
    ///   - confirmed: The last sequence that the receiver called durable and whose digests are remembered.
    ///   - pendingSequence: The pass whose fate is unknown.
    ///   - hasBookmark: Whether a bookmark was to follow that pass.
    public init(
        receiver: UInt64, confirmed: UInt64, pendingSequence: UInt64?, hasBookmark: Bool, disks: [Disk]
    ) {
        var fits = true
        switch pendingSequence {
        case nil:
            pending = .none
            fits = receiver == confirmed
        case let sequence? where receiver == sequence:
            pending = .promote(sendBookmark: hasBookmark)
        case let sequence? where hasBookmark && receiver > 0 && receiver - 1 == sequence:
            pending = .promote(sendBookmark: false)
        case _?:
            pending = .drop
            fits = receiver == confirmed
        }
        syncs = disks.map { disk in
            switch disk.remote {
            case .initialSync: return .initial
            case .resync(let reason): return .resync(reason: reason)
            case .differential:
                guard disk.isRemembered else { return .resync(reason: "no digests of the disk are remembered here") }
                guard fits else {
                    return .resync(
                        reason: "the receiver holds sequence \(receiver), and \(confirmed) was expected")
                }
                return .none
            }
        }
    }
}
