// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// LVM's list of patterns: the first one that matches a name decides about it.
///
/// A disk has several names, and LVM takes it when any of them is accepted. So a pattern that accepts everything, which
/// is what happens without it anyway, must not follow ours: it would let the disk in by its other names.
///
/// Source: lvm.conf(5), `devices/filter`; lvm2, lib/filters/filter-regex.c.
struct LVMFilter: Hashable {
    let items: [String]

    init(rejecting patterns: [String], before others: [String]) {
        var rest = others
        if !patterns.isEmpty {
            while let last = rest.last, Self.acceptsEverything(last) { rest.removeLast() }
        }
        let items = patterns + rest
        // A list without patterns would be no list to LVM.
        self.items = items.isEmpty ? ["a|.*|"] : items
    }

    /// A pattern for a disk's names under /dev: its identity is in `disk/by-id/scsi-…`, `mapper/…`, `dm-uuid-mpath-…`.
    static func reject(_ identity: String) throws(PreparationError) -> String {
        var pattern = ""
        for scalar in identity.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ":": pattern.unicodeScalars.append(scalar)
            // udev has an underscore in place of each run of blanks: man 8 scsi_id, --replace-whitespace.
            case " ": if !pattern.hasSuffix("_") { pattern += "_" }
            case ".", "+", "=", "#", ",", "/", "@": pattern += "[\(scalar)]"
            default:
                throw PreparationError(
                    .notPossible, "The identity '\(identity)' of a bound disk cannot stand in LVM's filter.",
                    remedy: "Bind another disk, or keep LVM off this one by hand.")
            }
        }
        guard pattern.count >= 4 else {
            throw PreparationError(
                .notPossible, "The identity '\(identity)' of a bound disk is too short to keep LVM off just this disk.",
                remedy: "Give the disk a serial number of its own.")
        }
        return "r|\(pattern)|"
    }

    /// The first pattern that accepts something, before what rejects the rest; nil when there is none.
    var accepting: String? { items.first { $0.hasPrefix("a") && !Self.acceptsEverything($0) } }

    /// As the configuration has it.
    var text: String { "[ " + items.map { "\"\(Self.escaped($0))\"" }.joined(separator: ", ") + " ]" }

    private static func acceptsEverything(_ item: String) -> Bool {
        guard item.first == "a", item.count >= 3 else { return false }
        return [".*", ".*/", "^.*$", "."].contains(String(item.dropFirst(2).dropLast()))
    }

    private static func escaped(_ item: String) -> String {
        item.reduce(into: "") { text, character in
            if character == "\\" || character == "\"" { text.append("\\") }
            text.append(character)
        }
    }
}
