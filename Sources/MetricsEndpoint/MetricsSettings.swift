// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Where a process serves its metrics over TCP: on this machine alone, since whoever connects is told.
public struct MetricsSettings: Hashable, Sendable {
    /// Where metrics are, on the listener as on the programs' other ways in.
    public static let path = "/metrics"

    /// Whether they are served over TCP at all.
    public var isEnabled = false
    /// A loopback address: `127.0.0.1`, `::1`, `localhost`.
    public var address = "127.0.0.1"
    /// The TCP port; 0 takes a free one.
    public var port: Int

    /// Off.
    ///
    /// - Parameter port: Where the listener is once it is enabled.
    public init(port: Int) { self.port = port }

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if !(0...65535).contains(port) { return "metrics.port is \(port); a port is 0 to 65535." }
        if !isLoopback {
            return
                "metrics.address is \"\(address)\"; metrics are neither encrypted nor asked for with a certificate, so it "
                + "must be of this machine alone: 127.0.0.1, ::1 or localhost."
        }
        return nil
    }

    /// Source: RFC 1122, section 3.2.1.3 (127.0.0.0/8); RFC 4291, section 2.5.3; RFC 6761, section 6.3 (localhost).
    private var isLoopback: Bool {
        if address == "localhost" || address == "::1" { return true }
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && UInt8(part) != nil
            }
    }
}
