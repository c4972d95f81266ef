// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// Texts that operators and programs send: what Foundation does not read.
enum ControlTextEntry {
    static func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let time = DateTime(text) { _ = (time.timestamp, "\(time)") }
        if let point = PointReference(text) { _ = "\(point)" }
    }

    static var samples: [[UInt8]] {
        [
            "latest", "latest-app-consistent", "42", "before the update", "2026-11-21T12:00:00Z",
            "2026-11-21T12:00:00.123456789+02:00",
        ].map { Array($0.utf8) }
    }
}
