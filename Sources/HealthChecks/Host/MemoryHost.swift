// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A machine that is as it is told; what it is not told cannot be known.
public struct MemoryHost: HostProbe {
    /// What ``software()`` answers.
    public var softwareFacts: SoftwareFacts?
    /// What ``layout()`` answers.
    public var layoutFacts: LayoutFacts?
    /// What ``clock()`` answers.
    public var clockFacts: ClockFacts?
    /// What ``load()`` answers.
    public var loadFacts: LoadFacts?
    /// What ``platform()`` answers.
    public var platformFacts: PlatformFacts?
    /// What ``identity()`` answers.
    public var identityFacts: HostIdentityFacts?

    /// A machine of which nothing is known.
    public init() {}

    /// What was set.
    public func software() throws -> SoftwareFacts { try Self.told(softwareFacts) }
    /// What was set.
    public func layout() throws -> LayoutFacts { try Self.told(layoutFacts) }
    /// What was set.
    public func clock() throws -> ClockFacts { try Self.told(clockFacts) }
    /// What was set.
    public func load() throws -> LoadFacts { try Self.told(loadFacts) }
    /// What was set.
    public func platform() throws -> PlatformFacts { try Self.told(platformFacts) }
    /// What was set.
    public func identity() throws -> HostIdentityFacts { try Self.told(identityFacts) }

    private static func told<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw HealthError(.notProvided, "Nobody said.") }
        return value
    }
}
