// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Synchronization

/// Serial numbers of certificates that the configuration server took back.
final class RevokedCertificates: Sendable {
    private let serials = Mutex<Set<[UInt8]>>([])

    /// Takes a whole list; nil for none.
    func use(_ list: RevocationList?) {
        serials.withLock { $0 = list?.serials ?? [] }
    }

    /// - Parameter serial: Without leading zeroes. An empty one is of nobody.
    func contains(_ serial: [UInt8]) -> Bool { !serial.isEmpty && serials.withLock { $0.contains(serial) } }
}
