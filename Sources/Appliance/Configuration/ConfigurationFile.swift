// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Yams

/// What the configuration file says, looked at as a whole: a key that nobody reads would be believed to work.
struct ConfigurationFile {
    /// `health.waived`, where it is written as a map from names to reasons.
    let waivers: [String: String]

    /// Nil where there is nothing but comments, as in the file of a package.
    ///
    /// - Throws: ``ControlFailure`` with `.invalidRequest` that names the key, and the one that may be meant.
    init?(_ text: String, name: String) throws {
        var waivers: [String: String] = [:]
        func visit(_ node: Node, _ path: [String]) throws {
            let key = path.joined(separator: ".")
            if path == ConfigurationKey.healthWaived.components, let mapping = node.mapping {
                for (name, reason) in mapping {
                    guard let name = name.string, let reason = reason.string, !reason.isEmpty else {
                        throw Self.wrong("health.waived has an entry without a name or a reason")
                    }
                    waivers[name] = reason
                }
                return
            }
            if let known = ConfigurationKey(rawValue: key) {
                guard node.mapping == nil else {
                    throw Self.wrong("\(known.rawValue) is a section; it must be a value")
                }
                return
            }
            guard let mapping = node.mapping else {
                let near = Self.nearest(to: key).map { " Did you mean \($0)?" } ?? ""
                throw Self.wrong("\(key) is no setting.\(near)")
            }
            for (child, value) in mapping {
                guard let child = child.string else { throw Self.wrong("A key below \(key) is no text") }
                try visit(value, path + [child])
            }
        }
        do {
            guard let root = try Yams.compose(yaml: text) else { return nil }
            guard root.mapping != nil else { throw Self.wrong("It is no map of settings") }
            try visit(root, [])
        } catch let failure as ControlFailure {
            throw ControlFailure(failure.code, "\(name): \(failure.message)", remedy: failure.remedy)
        } catch {
            throw Self.wrong("\(name) is no YAML (\(error))")
        }
        self.waivers = waivers
    }

    private static func wrong(_ message: String) -> ControlFailure {
        ControlFailure(
            .invalidRequest, message.hasSuffix(".") || message.hasSuffix("?") ? message : message + ".",
            remedy: "Correct the configuration; mastertargetd --help lists the settings.")
    }

    /// The key that differs in the fewest letters, if in no more than three.
    private static func nearest(to key: String) -> String? {
        ConfigurationKey.allCases.map { ($0.rawValue, distance(Array(key.utf8), Array($0.rawValue.utf8))) }
            .filter { $0.1 <= 3 }.min { $0.1 < $1.1 }?.0
    }

    /// Letters to add, drop or change: Levenshtein's distance.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var corner = row[0]
            row[0] = index + 1
            for (place, wanted) in other.enumerated() {
                let change = corner + (letter == wanted ? 0 : 1)
                corner = row[place + 1]
                row[place + 1] = min(change, row[place] + 1, corner + 1)
            }
        }
        return row[other.count]
    }
}
