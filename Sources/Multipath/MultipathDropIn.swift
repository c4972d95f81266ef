// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Our part of multipathd's configuration: a file beside the site's own, which is never touched.
///
/// - No friendly names: a map is called by its identity.
/// - `find_multipaths yes`: a map is made as soon as a second path is seen, and a disk with one path stays as it is.
/// - `skip_kpartx yes`: the partitions of a guest's disk are not this machine's business.
/// - The disk of the root filesystem is left alone, by identity.
public struct MultipathDropIn: Hashable, Sendable {
    /// The folder of the drop-ins.
    public static let folder = "/etc/multipath/conf.d"
    /// The file in it: read in the order of names, so that a site can still override it with a later one.
    public static let fileName = "master-target.conf"

    /// What has to be in force: keyword, value, and the words that `show config` has for that value.
    static let wanted: [(key: String, value: String, words: Set<String>)] = [
        ("find_multipaths", "yes", ["yes", "on"]),
        ("user_friendly_names", "no", ["no", "off", "0"]),
        ("skip_kpartx", "yes", ["yes", "on", "1"]),
    ]
    /// Those that `overrides` may hold: there they win over what a `device` section says. Source: multipath.conf(5).
    private static let overriding: Set<String> = ["user_friendly_names", "skip_kpartx"]

    /// Identities that multipathd must not touch, as it prints them: those of the disks under the root filesystem.
    public var protectedIdentities: [String]

    /// A drop-in that leaves those disks alone.
    public init(protectedIdentities: [String]) { self.protectedIdentities = protectedIdentities }

    /// The file.
    ///
    /// - Throws: ``MultipathError`` with `.malformedConfiguration` for an identity that a configuration cannot hold.
    public func text() throws(MultipathError) -> String {
        var lines = [
            "# Written by Master Target; written anew when the machine is prepared. To change what it says, add a file",
            "# with a later name to this folder.",
            "defaults {",
        ]
        lines += Self.wanted.map { "    \($0.key) \($0.value)" }
        lines += ["}", "overrides {"]
        lines += Self.wanted.filter { Self.overriding.contains($0.key) }.map { "    \($0.key) \($0.value)" }
        lines += ["}", "blacklist {"]
        if protectedIdentities.isEmpty { lines.append("    # The root filesystem lies on no disk with an identity.") }
        for identity in protectedIdentities.sorted() {
            lines.append("    wwid \"\(try Self.pattern(for: identity))\"")
        }
        lines.append("}")
        return lines.joined(separator: "\n") + "\n"
    }

    /// Whether the folder holds just this file.
    public func isInstalled(in folder: any StoreFolder) throws(DeviceError) -> Bool {
        guard let wanted = try? text() else { return false }  // what cannot be written is not there
        let held = try folder.contents(of: Self.fileName, limit: 1 << 20)
        return held == Array(wanted.utf8)
    }

    /// Writes the file if it is not there as it should be. multipathd reads it when it is told to.
    ///
    /// - Parameter folder: ``folder``, or one that stands for it.
    /// - Returns: Whether something was written.
    public func install(in folder: any StoreFolder) throws -> Bool {
        let text = try text()
        guard try !isInstalled(in: folder) else { return false }
        try folder.replace(Self.fileName, with: Array(text.utf8))
        return true
    }

    /// A regular expression that matches one identity and nothing else.
    static func pattern(for identity: String) throws(MultipathError) -> String {
        var pattern = "^"
        for character in identity.unicodeScalars {
            switch character {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ":", ",", " ", "/": pattern.unicodeScalars.append(character)
            case ".", "*", "+", "?", "(", ")", "{", "}", "|", "$", "=", "@", "#", "!", "%", "&", "~", "<", ">":
                pattern += "[\(character)]"
            default:
                throw MultipathError(
                    .malformedConfiguration, object: fileName,
                    detail: "the identity '\(identity)' has a character that a configuration cannot hold")
            }
        }
        guard identity.contains(where: { $0 != " " }) else {
            throw MultipathError(.malformedConfiguration, object: fileName, detail: "an identity is empty")
        }
        return pattern + "$"
    }
}
