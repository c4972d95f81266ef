// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import StoragePrimitives

/// What a connection's unanswered requests hold, and whether another may be taken. Pure.
///
/// ```
/// free ──request──► counted ──last answer──► free
///         └──write──► its bytes are due, and taken whatever the window holds: it may be larger than the window
/// ```
package struct RequestWindow {
    private let bytes: Int
    private let requests: Int
    private var charges: [UInt64: Int] = [:]
    private var charged = 0
    private var holds = 0
    private var isPayloadDue = false

    /// The least that a request counts, whatever it asks for.
    private static let leastCharge = 4096
    /// The most that one counts: the rest of it waits at the client, or in the workers' ledger.
    private static let mostCharge = 1 << 20

    package init(_ settings: NBDServerSettings) {
        bytes = settings.connectionWindow.int
        requests = settings.maximumRequests
    }

    /// Whether the next message may be taken: the rest of a write, or a new request.
    package var isOpen: Bool { holds == 0 && (isPayloadDue || (charged < bytes && charges.count < requests)) }

    /// All that was asked is answered.
    package var isEmpty: Bool { charges.isEmpty }

    /// - Throws: `.protocolViolation` for a cookie that waits already: its answers could not be told apart.
    package mutating func took(_ request: NBDRequest) throws(NBDError) {
        let charge =
            switch request.command {
            case .read, .write: min(max(Self.leastCharge, Int(request.length)), Self.mostCharge)
            case .disconnect, .flush, .trim, .cache, .writeZeroes, .blockStatus, .resize: Self.leastCharge
            }
        guard charges.updateValue(charge, forKey: request.cookie) == nil else {
            throw NBDError(.protocolViolation, "the client made two requests with cookie \(request.cookie) at a time")
        }
        charged += charge
        isPayloadDue = request.command == .write
    }

    package mutating func tookPayload(isLast: Bool) { isPayloadDue = !isLast }

    /// The last answer to a request goes out.
    package mutating func answered(_ cookie: UInt64) {
        if let charge = charges.removeValue(forKey: cookie) { charged -= charge }
    }

    /// Nothing more is taken until a ``release()`` for it has come; that may come first.
    package mutating func hold() { holds += 1 }

    package mutating func release() { holds -= 1 }
}
