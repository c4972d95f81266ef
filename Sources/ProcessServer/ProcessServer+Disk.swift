// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension ProcessServer.Disk {
    /// `[NUMBER:]ID=PATH` or `[NUMBER:]ID=URL`; without a number the disk's is its place in the list.
    ///
    /// A source id may hold colons: only digits before the first one are a number.
    public init?(argument: String, index: Int) {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        var id = argument[..<equals]
        let place = String(argument[argument.index(after: equals)...])
        var number = UInt16(exactly: index)
        if let colon = id.firstIndex(of: ":"), let given = UInt16(id[..<colon]) {
            number = given
            id = id[id.index(after: colon)...]
        }
        guard !id.isEmpty, !place.isEmpty, let number else { return nil }
        if place.hasPrefix("nbd:") || place.hasPrefix("nbd+unix:") {
            guard let address = NBDAddress(place) else { return nil }
            self.init(id: String(id), number: DiskNumber(number), place: .nbd(address))
        } else {
            self.init(id: String(id), number: DiskNumber(number), place: .path(place))
        }
    }
}
