// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What happened, for people and for programs: one line each.
public enum ProgressReport: Hashable, Sendable {
    case connected(sessionID: UInt64, lastDurable: UInt64)
    /// The reason why there is no session; told once until it changes.
    case disconnected(String)
    case syncStarted(disk: String, kind: String, reason: String)
    case syncFinished(disk: String, bytes: UInt64, sentBytes: UInt64, nanoseconds: Int64)
    case passFinished(Pass)
    case passSkipped(String)
    case hookFailed(String)
    case progress(disk: String, done: UInt64, of: UInt64)
    case throttled(String)
    case notice(String)
    case finished(sequence: UInt64)

    /// A pass that is durable at the receiver.
    public struct Pass: Hashable, Sendable {
        /// Its source sequence.
        public let sequence: UInt64
        /// How sure it is: `exact` or `approximate`.
        public let accuracy: String
        /// The label of the bookmark that follows it, if one does.
        public let bookmark: String?
        /// Bytes of data that differed and were sent, before compression.
        public let dataBytes: UInt64
        /// Bytes that were sent as ranges of zeroes.
        public let zeroBytes: UInt64
        /// Bytes of payload as they travelled.
        public let wireBytes: UInt64
        /// How long it took.
        public let nanoseconds: Int64
        /// Passes that were due meanwhile and are folded into the next one.
        public let foldedPasses: Int

        /// The figures of a pass.
        public init(
            sequence: UInt64, accuracy: String, bookmark: String?, dataBytes: UInt64,
            zeroBytes: UInt64, wireBytes: UInt64, nanoseconds: Int64, foldedPasses: Int
        ) {
            self.sequence = sequence
            self.accuracy = accuracy
            self.bookmark = bookmark
            self.dataBytes = dataBytes
            self.zeroBytes = zeroBytes
            self.wireBytes = wireBytes
            self.nanoseconds = nanoseconds
            self.foldedPasses = foldedPasses
        }
    }
}
