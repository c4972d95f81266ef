// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import RetentionStore
import StoragePrimitives

/// From Hello to Welcome, and the end of what was taken in between.
extension SessionHandler {
    func admit(_ hello: Frame.Hello) {
        guard let context, let peer else { return end(.roleNotAdmitted, "No certificate names this peer.") }
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        shared.directory.admit(hello, from: peer) { outcome in
            eventLoop.execute {
                switch outcome {
                case .admitted(let admitted): loopBound.value.claim(admitted, hello)
                case .refused(let refuse): loopBound.value.refuse(refuse)
                }
            }
        }
    }

    private func refuse(_ refuse: Frame.Refuse) {
        switch machine.end(refuse.code, refuse.message, retryAfterMilliseconds: refuse.retryAfterMilliseconds) {
        case .end(let frame): finish(with: frame)
        case .ignore: break
        }
    }

    /// Takes the group over from an older session, then goes on.
    private func claim(_ admitted: AdmittedGroup, _ hello: Frame.Hello) {
        guard let context, !machine.isClosed else { return }
        let id = shared.sessions.makeID()
        let eventLoop = context.eventLoop
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let detached = eventLoop.makePromise(of: Void.self)
        let entry = SessionTable.Entry(
            id: id, fencingToken: hello.fencingToken,
            end: { code, message in eventLoop.execute { loopBound.value.end(code, message) } },
            tell: { frame in eventLoop.execute { loopBound.value.tell(frame) } },
            compare: { request, tell in
                eventLoop.execute { loopBound.value.startComparison(request, tell) }
            }, detached: detached.futureResult)
        let claim = shared.sessions.claim(hello.group, for: entry)
        switch claim {
        case .free, .after:
            attachment = Attachment(
                id: id, hello: hello, group: admitted.group, credit: shared.budget.take(), detached: detached,
                turnHasCome: false, isActive: false)
        case .stale(let token):
            detached.succeed()
            return end(
                .staleFencingToken,
                "Group \(hello.group) is at fencing token \(token), the Hello has \(hello.fencingToken): another "
                    + "sender took over.")
        case .full:
            detached.succeed()
            return end(.tooManySessions, "The master target has as many sessions as it takes: try again later.")
        }
        switch claim {
        case .free: attach(admitted)
        case .after(let older): older.hop(to: eventLoop).whenComplete { _ in loopBound.value.attach(admitted) }
        case .stale, .full: break
        }
    }

    /// The group is this session's alone: read where it stands, and welcome the sender.
    private func attach(_ admitted: AdmittedGroup) {
        guard var attachment else { return }
        attachment.turnHasCome = true
        self.attachment = attachment
        guard let context, !machine.isClosed else { return detach() }
        attachment.isActive = true
        self.attachment = attachment
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let mailbox = StoreMailbox(eventLoop: context.eventLoop) { loopBound.value.storeReported() }
        self.mailbox = mailbox
        let feed = shared.sessions.feed(attachment.hello.group, admitted.group)
        intake = Intake(group: admitted.group, feed: feed, pool: shared.pool)
        // From here on nothing that the store reports is lost; what it reported before is in the position.
        feed.attach { mailbox.post($0) }
        admitted.group.observe { feed.report($0) }
        let position = admitted.group.ingestPosition
        if let failure = position.failure {
            return end(.groupFailed, "The group's store failed: \(failure.message)")
        }
        annotateLogger(group: attachment.hello.group, session: attachment.id)
        let action = machine.admitted(
            ReceiverSession.Admission(
                sessionID: attachment.id, disks: disks(of: attachment.hello, position, admitted.resyncReasons),
                lastDurable: position.durable, lastAccepted: position.accepted, credit: attachment.credit,
                codecs: shared.settings.codecs,
                idleTimeoutMilliseconds: UInt32(clamping: shared.settings.idleTimeout.nanoseconds / 1_000_000)))
        switch action {
        case .send(let frame):
            shared.board.opened(attachment.id, attachment.hello)
            logger.info(
                "Opened a session",
                metadata: ["durable": "\(position.durable)", "token": "\(attachment.hello.fencingToken)"])
            send(frame)
            flush()
            watchPressure()
        case .abandon:
            detach()
        }
    }

    private func disks(
        of hello: Frame.Hello, _ position: IngestPosition, _ reasons: [DiskNumber: String]
    ) -> [Frame.Welcome.Disk] {
        hello.disks.map { disk in
            if let reason = reasons[disk.number] {
                return Frame.Welcome.Disk(number: disk.number, state: .resync, reason: reason)
            }
            let isUnsynced = position.unsynced.contains(disk.number)
            return Frame.Welcome.Disk(number: disk.number, state: isUnsynced ? .initialSync : .differential)
        }
    }

    private func tell(_ frame: Frame) {
        report(machine.tell(frame))
        flush()
    }

    /// Lets go of the group. A session that still waits for the older one keeps its place until that has let go, so
    /// that whoever waits for this one waits for both.
    func detach() {
        guard let attachment, attachment.isActive || attachment.turnHasCome else { return }
        self.attachment = nil
        abandonComparison()
        pressureWatch?.cancel()
        pressureWatch = nil
        if attachment.isActive {
            // The group goes on being observed: what is in flight is counted until it is released.
            shared.sessions.feed(attachment.hello.group, attachment.group).detach()
            attachment.group.abandonOpenBatch()
            countUp(for: attachment.id)
            shared.board.closed(attachment.id)
        }
        intake = nil
        mailbox = nil
        comparisons = []
        comparisonAnswers = [:]
        shared.budget.giveBack(attachment.credit)
        shared.sessions.release(attachment.hello.group, id: attachment.id)
        attachment.detached.succeed()
    }
}
