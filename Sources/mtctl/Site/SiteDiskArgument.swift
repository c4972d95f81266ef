// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// Disks and targets as they are written on a command line.
enum SiteDiskArgument {
    /// `id=ID,size=SIZE,source=SOURCE[,original=TARGET][,block=BYTES]`. A value has no comma; a file of JSON may.
    ///
    /// - Throws: `ValidationError`.
    static func disk(_ text: String) throws -> SiteDisk {
        var values: [String: String] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let sign = part.firstIndex(of: "="), sign != part.startIndex else {
                throw wrong(text, "\"\(part)\" has no NAME=VALUE.")
            }
            let name = String(part[..<sign])
            guard ["id", "size", "source", "original", "block"].contains(name) else {
                throw wrong(text, "There is no \"\(name)\".")
            }
            guard values.updateValue(String(part[part.index(after: sign)...]), forKey: name) == nil else {
                throw wrong(text, "\"\(name)\" is there twice.")
            }
        }
        guard let id = values["id"], let source = values["source"], let sizeText = values["size"] else {
            throw wrong(text, "It needs id, size and source.")
        }
        let block = values["block"].map { UInt32($0) } ?? 512
        guard let block, block == 512 || block == 4096 else { throw wrong(text, "block must be 512 or 4096.") }
        guard let size = Quantity.bytes(sizeText), size > 0, size % UInt64(block) == 0 else {
            throw wrong(text, "size must be a multiple of \(block) bytes, and not zero, such as 20GiB.")
        }
        return SiteDisk(
            id: id, sizeBytes: ByteCount(size), source: source, original: values["original"],
            logicalBlockSize: block == 512 ? nil : block)
    }

    /// `MACHINE/DISK=TARGET`.
    ///
    /// - Throws: `ValidationError`.
    static func target(_ text: String) throws -> DiskTarget {
        guard let slash = text.firstIndex(of: "/"), let sign = text[slash...].firstIndex(of: "=") else {
            throw ValidationError("\"\(text)\" is not MACHINE/DISK=TARGET.")
        }
        let target = DiskTarget(
            machine: try permitted(String(text[..<slash]), of: "a machine"),
            disk: String(text[text.index(after: slash)..<sign]), target: String(text[text.index(after: sign)...]))
        guard !target.disk.isEmpty, !target.target.isEmpty else {
            throw ValidationError("\"\(text)\" is not MACHINE/DISK=TARGET.")
        }
        return target
    }

    private static func wrong(_ text: String, _ problem: String) -> ValidationError {
        ValidationError(
            "--disk \(text): \(problem) Write id=ID,size=SIZE,source=SOURCE[,original=TARGET][,block=4096].")
    }
}
