// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives
import Testing

/// The disks of a group are synced together: every sync begins before any ends.
@Suite struct SyncTogetherTests {
    private static let disks = Samples.disks.map(\.number)

    private func receiver(_ states: [Frame.Welcome.DiskState]) throws -> ReceiverSession {
        var session = ReceiverSession()
        _ = session.received(.hello(try Samples.hello()))
        _ = session.admitted(
            ReceiverSession.Admission(
                sessionID: 9, disks: zip(Self.disks, states).map { Frame.Welcome.Disk(number: $0, state: $1) },
                lastDurable: 40, lastAccepted: 40, credit: 4096, idleTimeoutMilliseconds: 30_000))
        return session
    }

    private func sender(_ states: [Frame.Welcome.DiskState]) throws -> SenderSession {
        var session = SenderSession(try Samples.hello())
        _ = session.connected()
        _ = session.received(
            .welcome(
                Frame.Welcome(
                    sessionID: 9, lastDurable: 40, credit: 4096, codecs: [], idleTimeoutMilliseconds: 30_000,
                    disks: zip(Self.disks, states).map { Frame.Welcome.Disk(number: $0, state: $1) })))
        return session
    }

    private func begin(_ index: Int) -> Frame.SyncBegin {
        Frame.SyncBegin(disk: Self.disks[index], kind: .resync, granularity: 65_536, seed: 1)
    }

    private func end(_ index: Int) -> Frame.SyncEnd {
        Frame.SyncEnd(disk: Self.disks[index], time: Timestamp(nanoseconds: 5), sequence: 40, accuracy: .exact)
    }

    private func code(_ action: ReceiverSession.ReceivedAction) -> ReasonCode? {
        if case .violated(let error, _) = action { error.code } else { nil }
    }

    @Test func `a sync does not end while another disk that needs one has not begun`() throws {
        let all: [[Frame.Welcome.DiskState]] = [
            [.initialSync, .initialSync], [.resync, .resync], [.initialSync, .resync],
        ]
        for states in all {
            var receiver = try receiver(states)
            _ = receiver.received(.syncBegin(begin(0)))
            #expect(code(receiver.received(.syncEnd(end(0)))) == .syncIncomplete)
            #expect(receiver.isClosed == true)
            var sender = try sender(states)
            _ = sender.begin(begin(0))
            guard case .refuse(let error) = sender.end(end(0)) else { return #expect(Bool(false)) }
            #expect(error.code == .syncIncomplete)
            #expect(error.message.contains("disk 7"))
            // Nothing has changed: it can still be put right.
            #expect(sender.begin(begin(1)) == .send(.syncBegin(begin(1))))
            #expect(sender.end(end(0)) == .send(.syncEnd(end(0))))
        }
    }

    @Test func `syncs that have all begun end in any order`() throws {
        for order in [[0, 1], [1, 0]] {
            var session = try receiver([.initialSync, .resync])
            for index in 0..<2 { _ = session.received(.syncBegin(begin(index))) }
            for index in order {
                #expect(session.received(.syncEnd(end(index))) == .endSync(end(index)))
                // The first one may be durable before the second ends.
                _ = session.syncDurable(Self.disks[index])
            }
            let batch = Frame.BatchBegin(sequence: 41, firstTime: Timestamp(nanoseconds: 9), accuracy: .exact)
            #expect(session.received(.batchBegin(batch)) == .beginBatch(batch))
        }
    }

    @Test func `a disk that is in step holds no other up`() throws {
        var session = try receiver([.resync, .differential])
        _ = session.received(.syncBegin(begin(0)))
        #expect(session.received(.syncEnd(end(0))) == .endSync(end(0)))
    }

    @Test func `a disk named twice is a refusal with a name`() throws {
        let disk = Samples.disks[0]
        func message(_ disks: [Frame.Hello.Disk]) -> String {
            do throws(ProtocolError) {
                _ = try Frame.Hello(host: "h", group: "g", fencingToken: 1, disks: disks)
                return ""
            } catch {
                return error.message
            }
        }
        #expect(message([disk, disk]).contains("disk 1 twice"))
        let sameSource = Frame.Hello.Disk(
            number: DiskNumber(2), sourceID: disk.sourceID, sectorCount: 8, logicalBlockSize: 512)
        #expect(message([disk, sameSource]).contains("source wwn-1 twice"))
        let twice = Frame.Welcome(
            sessionID: 1, lastDurable: 0, credit: 0, codecs: [], idleTimeoutMilliseconds: 1,
            disks: [
                Frame.Welcome.Disk(number: DiskNumber(1), state: .differential),
                Frame.Welcome.Disk(number: DiskNumber(1), state: .resync),
            ])
        let decoded = Decoded([Samples.bytes(.welcome(twice))], from: .receiver)
        #expect(decoded.error?.code == .malformedFrame)
        #expect(decoded.error?.message.contains("disk 1 twice") == true)
        var sender = SenderSession(try Samples.hello())
        _ = sender.connected()
        guard case .violated(let error, _) = sender.received(.welcome(twice)) else { return #expect(Bool(false)) }
        #expect(error.code == .malformedFrame)
        let bound = GroupTerms.Disk(number: disk.number, sourceID: "a", sectorCount: 8, logicalBlockSize: 512)
        let terms = GroupTerms(group: "erp", disks: [bound, bound], fencingToken: 0)
        let refusal = terms.refusal(of: try Samples.hello(), certifiedHost: "host-a")
        #expect(refusal?.message.contains("Disk 1 is bound twice in group erp") == true)
    }
}
