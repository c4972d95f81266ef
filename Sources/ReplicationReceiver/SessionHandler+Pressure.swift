// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol

/// Whether the sender has to wait: looked at now and then, decided by ``ThrottleDecider``.
extension SessionHandler {
    /// From the Welcome until ``detach()``.
    func watchPressure() {
        guard let context else { return }
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let interval = shared.settings.pressureInterval
        pressureWatch = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            loopBound.value.lookAtPressure()
        }
    }

    private func lookAtPressure() {
        guard let attachment, attachment.isActive else { return }
        let before = throttle.cause
        guard let frame = throttle.look(attachment.group.pressure) else { return }
        // The status first: who was told to wait finds there why.
        shared.board.throttled(throttle.cause == nil ? nil : frame, session: attachment.id)
        report(machine.tell(.throttle(frame)))
        flush()
        guard throttle.cause != before else { return }
        if let cause = throttle.cause {
            logger.notice("The sender has to wait.", metadata: ["cause": "\(cause)", "reason": "\(frame.message)"])
        } else {
            logger.notice("The sender need not wait any more.")
        }
    }
}
