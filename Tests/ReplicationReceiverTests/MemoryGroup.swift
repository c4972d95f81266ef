// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import ReplicationReceiver
import RetentionStore
import StoragePrimitives
import Synchronization

/// A group that keeps what it is told and reports it durable and applied at once.
final class MemoryGroup: ReplicationGroup {
    enum Event: Equatable {
        case part(BatchStamp, [Extent], isLast: Bool)
        case bookmark(UInt64, String)
        case beginSync(DiskNumber)
        case syncPart([Extent])
        case endSync(DiskNumber, UInt64)
        case abandoned
    }

    private struct State {
        var events: [Event] = []
        var durable: UInt64 = 0
        var hasOpenBatch = false
        var unsynced: Set<DiskNumber>
        var observer: (@Sendable (RetentionEvent) -> Void)?
        var dataBytes = 0
        var digests: [RangeDigest] = []
        var failure: RetentionError?
        var withheld: Int?
        var pressure = IngestPressure()
    }

    private let state: Mutex<State>

    init(unsynced: Set<DiskNumber> = [], digests: [RangeDigest] = [], withholdsCredit: Bool = false) {
        state = Mutex(State(unsynced: unsynced, digests: digests, withheld: withholdsCredit ? 0 : nil))
    }

    var pressure: IngestPressure { state.withLock { $0.pressure } }
    func press(_ pressure: IngestPressure) { state.withLock { $0.pressure = pressure } }
    var events: [Event] { state.withLock { $0.events } }
    var durable: UInt64 { state.withLock { $0.durable } }
    var dataBytes: Int { state.withLock { $0.dataBytes } }

    func fail(_ error: RetentionError) {
        state.withLock { $0.failure = error }
        send(.failed(error))
    }

    /// Releases what was withheld.
    func release() {
        let bytes = state.withLock { state in
            defer { state.withheld = 0 }
            return state.withheld ?? 0
        }
        send(.released(bytes: bytes))
    }

    private func send(_ event: RetentionEvent) {
        let observer = state.withLock { $0.observer }
        observer?(event)
    }

    func observe(_ observer: (@Sendable (RetentionEvent) -> Void)?) { state.withLock { $0.observer = observer } }

    var ingestPosition: IngestPosition {
        state.withLock {
            IngestPosition(durable: $0.durable, accepted: $0.durable, unsynced: $0.unsynced, failure: $0.failure)
        }
    }

    func append(_ part: BatchPart, of stamp: BatchStamp, isLast: Bool) throws(RetentionError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        state.withLock { state in
            state.events.append(.part(stamp, part.extents, isLast: isLast))
            state.dataBytes += part.payloadBytes
            state.hasOpenBatch = !isLast
            if isLast { state.durable = stamp.sourceSequence }
        }
        release(part)
        if isLast {
            send(.durable(sourceSequence: stamp.sourceSequence))
            send(.applied(sourceSequence: stamp.sourceSequence))
        }
    }

    private func release(_ part: BatchPart) {
        let releases = state.withLock { state in
            guard let withheld = state.withheld else { return true }
            state.withheld = withheld + part.payloadBytes
            return false
        }
        if releases, part.payloadBytes > 0 { send(.released(bytes: part.payloadBytes)) }
    }

    func abandonOpenBatch() {
        state.withLock { state in
            if state.hasOpenBatch { state.events.append(.abandoned) }
            state.hasOpenBatch = false
        }
    }

    func append(_ bookmark: Bookmark, sourceSequence: UInt64) throws(RetentionError) {
        state.withLock { state in
            state.events.append(.bookmark(sourceSequence, bookmark.label))
            state.durable = sourceSequence
        }
        send(.durable(sourceSequence: sourceSequence))
    }

    func beginSync(_ disk: DiskNumber, kind: SyncKind) throws(RetentionError) {
        state.withLock { $0.events.append(.beginSync(disk)) }
    }

    func appendSync(_ part: BatchPart) throws(RetentionError) {
        state.withLock { $0.events.append(.syncPart(part.extents)) }
        release(part)
    }

    func endSync(
        _ disk: DiskNumber, time: Timestamp, sourceSequence: UInt64, accuracy: Accuracy
    ) throws(RetentionError) {
        state.withLock { state in
            state.events.append(.endSync(disk, sourceSequence))
            state.unsynced.remove(disk)
            state.durable = sourceSequence
        }
        send(.syncDurable(disk))
    }

    func digest(
        _ disk: DiskNumber, sectors: Range<UInt64>, granularity: Int, seed: UInt64,
        then: @escaping @Sendable (Result<[RangeDigest], RetentionError>) -> Void
    ) {
        then(.success(state.withLock { $0.digests }))
    }

    func digestAtRest(
        _ disk: DiskNumber, sectors: Range<UInt64>, granularity: Int, seed: UInt64, sourceSequence: UInt64,
        then: @escaping @Sendable (Result<[RangeDigest], RetentionError>) -> Void
    ) {
        digest(disk, sectors: sectors, granularity: granularity, seed: seed, then: then)
    }
}

/// One group, and the rules of a real directory.
final class MemoryDirectory: GroupDirectory {
    let group: MemoryGroup
    private let token: Mutex<UInt64>
    private let disks: [Frame.Hello.Disk]

    init(_ group: MemoryGroup, token: UInt64 = 5, disks: [Frame.Hello.Disk] = Fixture.disks) {
        self.group = group
        self.token = Mutex(token)
        self.disks = disks
    }

    func admit(_ hello: Frame.Hello, from peer: PeerIdentity, then: @escaping @Sendable (AdmissionOutcome) -> Void) {
        guard hello.group == "erp" else {
            return then(.refused(Frame.Refuse(.unknownGroup, "No group \(hello.group) here: create it first.")))
        }
        let refusal = token.withLock { token in
            let terms = GroupTerms(
                group: "erp",
                disks: disks.map {
                    GroupTerms.Disk(
                        number: $0.number, sourceID: $0.sourceID, sectorCount: $0.sectorCount,
                        logicalBlockSize: $0.logicalBlockSize)
                }, fencingToken: token)
            let refusal = terms.refusal(of: hello, certifiedHost: peer.host)
            if refusal == nil { token = hello.fencingToken }
            return refusal
        }
        if let refusal { then(.refused(refusal)) } else { then(.admitted(AdmittedGroup(group: group))) }
    }
}
