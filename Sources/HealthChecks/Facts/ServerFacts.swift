// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// The registration with a configuration server.
public struct ServerFacts: Hashable, Sendable, Codable {
    /// How it stands; nil for a machine that is registered with none, which a site can do without.
    public var registration: RegistrationReport?
    /// The version of the agent.
    public var version: String
    /// Whether the agent was asked; without it nobody sends heartbeats.
    public var isAgentThere: Bool

    /// What was seen.
    public init(registration: RegistrationReport? = nil, version: String, isAgentThere: Bool = true) {
        self.registration = registration
        self.version = version
        self.isAgentThere = isAgentThere
    }
}
