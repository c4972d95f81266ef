// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The port through which the machine itself is looked at: ``LinuxHost``, or a ``MemoryHost`` in tests and simulations.
///
/// Everything may block, and may throw a sentence of why it cannot be known.
public protocol HostProbe: Sendable {
    func software() throws -> SoftwareFacts
    func layout() throws -> LayoutFacts
    func clock() throws -> ClockFacts
    func load() throws -> LoadFacts
    func platform() throws -> PlatformFacts
    /// Records the identity when none was recorded yet.
    func identity() throws -> HostIdentityFacts
}
