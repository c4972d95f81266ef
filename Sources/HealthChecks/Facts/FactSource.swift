// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Which of the facts a check needs.
public struct FactSource<Value: Sendable>: Sendable {
    /// How a report calls it.
    public let name: String
    let fact: @Sendable (HealthFacts) -> Fact<Value>
}

extension FactSource where Value == SoftwareFacts {
    /// ``HealthFacts/software``.
    public static var software: Self { Self(name: "programs and filesystems") { $0.software } }
}
extension FactSource where Value == LayoutFacts {
    /// ``HealthFacts/layout``.
    public static var layout: Self { Self(name: "the layout of the machine's disk") { $0.layout } }
}
extension FactSource where Value == ClockFacts {
    /// ``HealthFacts/clock``.
    public static var clock: Self { Self(name: "the clock") { $0.clock } }
}
extension FactSource where Value == LoadFacts {
    /// ``HealthFacts/load``.
    public static var load: Self { Self(name: "memory and processors") { $0.load } }
}
extension FactSource where Value == PlatformFacts {
    /// ``HealthFacts/platform``.
    public static var platform: Self { Self(name: "the machine's product") { $0.platform } }
}
extension FactSource where Value == HostIdentityFacts {
    /// ``HealthFacts/identity``.
    public static var identity: Self { Self(name: "the machine's identity") { $0.identity } }
}
extension FactSource where Value == DisksFacts {
    /// ``HealthFacts/disks``.
    public static var disks: Self { Self(name: "the disks") { $0.disks } }
}
extension FactSource where Value == LedgerFacts {
    /// ``HealthFacts/ledger``.
    public static var ledger: Self { Self(name: "the ledger of disks") { $0.ledger } }
}
extension FactSource where Value == GuardFacts {
    /// ``HealthFacts/guards``.
    public static var guards: Self { Self(name: "who uses the bound disks") { $0.guards } }
}
extension FactSource where Value == MultipathFacts {
    /// ``HealthFacts/multipath``.
    public static var multipath: Self { Self(name: "multipath") { $0.multipath } }
}
extension FactSource where Value == RetentionFacts {
    /// ``HealthFacts/retention``.
    public static var retention: Self { Self(name: "the retention volume") { $0.retention } }
}
extension FactSource where Value == ReplicationFacts {
    /// ``HealthFacts/replication``.
    public static var replication: Self { Self(name: "replication") { $0.replication } }
}
extension FactSource where Value == ServerFacts {
    /// ``HealthFacts/server``.
    public static var server: Self { Self(name: "the configuration server") { $0.server } }
}
