// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What `show paths` knows of a path and `show maps json` does not tell.
public struct PathDetails: Hashable, Sendable {
    /// Host, channel, target and logical unit: `0:0:1:2`; nil where it has none.
    public var address: String?
    /// The identity that multipathd found on this path.
    public var wwid: String?
    /// VPD page 0x80.
    public var serialNumber: String?
    /// `scsi:fcp`, `scsi:iscsi`, `scsi:sas`, `scsi:unspec`, `nvme:tcp`.
    public var transport: String?

    /// What is known of a path; nil for what is not.
    public init(
        address: String? = nil, wwid: String? = nil, serialNumber: String? = nil, transport: String? = nil
    ) {
        self.address = address
        self.wwid = wwid
        self.serialNumber = serialNumber
        self.transport = transport
    }

    /// What is asked for. Device number first, which joins the line with a map's path; the serial number last, for it is
    /// the disk's own text and may hold the separator. Source: multipathd(8), `show wildcards`.
    static let format = "%D|%d|%i|%w|%P|%z|"
    /// The most paths that are read.
    static let mostPaths = 65_536

    /// One line a path, by device number. Lines that are not of that form tell nothing and are passed over: the maps do
    /// not depend on them.
    public static func decode(_ reply: [UInt8]) -> [DeviceNumber: PathDetails] {
        var details: [DeviceNumber: PathDetails] = [:]
        for line in reply.split(separator: UInt8(ascii: "\n")).prefix(mostPaths) {
            let fields = line.split(separator: UInt8(ascii: "|"), maxSplits: 5, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard fields.count == 6, let number = DeviceNumber(fields[0]) else { continue }
            var serial = fields[5]
            if serial.last == "|" { serial.removeLast() }
            details[number] = PathDetails(
                address: known(fields[2]), wwid: known(fields[3]), serialNumber: known(serial),
                transport: known(fields[4]))
        }
        return details
    }

    /// multipathd's words for what it does not know.
    static func known(_ text: String?) -> String? {
        guard let text else { return nil }
        let trimmed = text.drop { $0 == " " }
        switch trimmed {
        case "", "-", "[undef]", "[undefined]", "undef", "##", "#:#:#:#": return nil
        default: return String(trimmed)
        }
    }
}
