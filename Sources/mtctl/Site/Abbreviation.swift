// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI

/// Ids as people type them: any beginning that only one of them has.
enum Abbreviation {
    /// The one of `things` that `text` names: by its name, its id, or a beginning of its id.
    ///
    /// - Parameter names: What a thing is called besides its id; several may have one name.
    /// - Throws: ``ConfigurationFailure`` with `.notFound`, or with `.invalidRequest` for what names several.
    static func find<Thing>(
        _ text: String, in things: [Thing], what: String, listedBy command: String, id: (Thing) -> String,
        name: (Thing) -> String? = { _ in nil }
    ) throws(ConfigurationFailure) -> Thing {
        let wanted = text.lowercased()
        if let exact = things.first(where: { id($0) == wanted }) { return exact }
        let named = things.filter { name($0) == text }
        let matching = named.isEmpty ? things.filter { !wanted.isEmpty && id($0).hasPrefix(wanted) } : named
        guard let first = matching.first else {
            throw ConfigurationFailure(.notFound, "There is no \(what) \"\(text)\".", remedy: "See \(command).")
        }
        guard matching.count == 1 else {
            let ids = matching.prefix(4).map(id).joined(separator: ", ") + (matching.count > 4 ? ", …" : "")
            throw ConfigurationFailure(
                .invalidRequest, "\"\(text)\" names \(matching.count) of them: \(ids).",
                remedy: "Write more of the id.")
        }
        return first
    }

    /// Ids as a table shows them: eight characters, or as many as it takes to tell them apart.
    static func shortened(_ ids: [String]) -> [String] {
        var length = 8
        while length < 36, Set(ids.map { $0.prefix(length) }).count < Set(ids).count { length += 1 }
        return ids.map { String($0.prefix(length)) }
    }
}
