// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// What a support bundle holds, and what it does not: `mtctl support-bundle --json`, and `bundle.json` in it.
package struct SupportReport: Hashable, Sendable, Codable {
    /// A file in the bundle.
    package struct File: Hashable, Sendable, Codable {
        /// Its name in the bundle.
        package var name: String
        /// Its length.
        package var bytes: Int
        /// Places in it where a secret was taken out.
        package var removed: Int
        /// What is worth knowing of it; nil where nothing is.
        package var note: String?
    }

    /// Something that was looked for and is not in the bundle.
    package struct Omission: Hashable, Sendable, Codable {
        /// Its name in the bundle, had it been there.
        package var name: String
        /// Why it is not, as a sentence.
        package var reason: String
    }

    /// The version of what is here; fields are only added to one.
    package var schema = 1
    /// The version of mtctl.
    package var version: String
    /// The machine's name.
    package var host: String
    /// When it was made.
    package var created: DateTime
    /// From when on journals are in it.
    package var since: DateTime
    /// Whether the agent answered.
    package var isAgentThere: Bool
    /// Where the bundle is; nil in the bundle itself.
    package var path: String?
    /// How long it is; nil in the bundle itself.
    package var bytes: UInt64?
    /// What is in it, in the order in which it was collected.
    package var files: [File] = []
    /// What is not.
    package var leftOut: [Omission] = []

    /// Of a bundle in which nothing is yet.
    package init(version: String, host: String, created: DateTime, since: DateTime, isAgentThere: Bool) {
        self.version = version
        self.host = host
        self.created = created
        self.since = since
        self.isAgentThere = isAgentThere
    }

    /// Places where a secret was taken out.
    package var removed: Int { files.reduce(0) { $0 + $1.removed } }
}
