// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let serviceVersion = HealthCheck(
        "service.version", "The agent is not newer than the configuration server.", needs: .server
    ) { server, _ in
        guard let registration = server.registration else { return .unregistered }
        guard let theirs = registration.serverVersion else {
            return Finding(
                .unknown, "The configuration server did not tell its version yet.", remedy: "Ask again in some seconds."
            )
        }
        guard isNewer(server.version, than: theirs) else {
            return Finding(.ok, "The agent has \(server.version), the configuration server \(theirs).")
        }
        return Finding(
            .critical, "The agent has \(server.version), and the configuration server only \(theirs).",
            remedy: "Upgrade the configuration server first, then the agents.")
    }

    /// By the numbers before the first thing that is none: `1.10.0` is newer than `1.9.2-dev`.
    static func isNewer(_ one: String, than other: String) -> Bool {
        func numbers(_ text: String) -> [UInt64] {
            let parts = text.prefix { $0 == "." || ($0.isASCII && $0.isNumber) }.split(separator: ".")
            return parts.prefix(8).map { UInt64($0) ?? .max }
        }
        let (left, right) = (numbers(one), numbers(other))
        for index in 0..<max(left.count, right.count) {
            let (mine, theirs) = (index < left.count ? left[index] : 0, index < right.count ? right[index] : 0)
            if mine != theirs { return mine > theirs }
        }
        return false
    }
}
