// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CBlkid

/// Finds every signature on a device, as `wipefs` does. Reads only. Blocks: not on the cooperative pool.
///
/// Source: libblkid, "Low-level probing".
public enum SignatureProbe {
    /// The most signatures that one device can have: more than libblkid knows.
    private static let most = 256

    /// Everything that a device or an image carries, in the order of finding; empty when it is blank.
    ///
    /// - Throws: ``RetentionVolumeError`` with `.unreadableSignatures`.
    public static func signatures(on path: String) throws(RetentionVolumeError) -> [VolumeSignature] {
        let probe = try LibBlkidProbe(path: path)
        try probe.enable()
        var found: [VolumeSignature] = []
        for _ in 0..<most {
            // 0: one more; 1: no more; below: it could not be read.
            let answer = unsafe blkid_do_probe(probe.pointer)
            if answer == 1 { return found }
            guard answer == 0 else {
                throw RetentionVolumeError(.unreadableSignatures, object: path, detail: "reading it failed")
            }
            if let name = probe.value("TYPE") {
                found.append(
                    VolumeSignature(
                        name, usage: usage(probe.value("USAGE")), label: probe.value("LABEL"), uuid: probe.value("UUID")
                    ))
            } else if let name = probe.value("PTTYPE") {
                found.append(VolumeSignature(name, usage: .partitionTable, uuid: probe.value("PTUUID")))
            }
        }
        throw RetentionVolumeError(.unreadableSignatures, object: path, detail: "it has more than \(most) signatures")
    }

    private static func usage(_ word: String?) -> VolumeSignature.Usage {
        switch word {
        case "filesystem": .filesystem
        case "raid": .raid
        case "crypto": .crypto
        default: .other
        }
    }
}

/// A probe of libblkid's, freed with its owner.
@safe private struct LibBlkidProbe: ~Copyable {
    let pointer: blkid_probe
    let path: String

    init(path: String) throws(RetentionVolumeError) {
        guard let pointer = unsafe blkid_new_probe_from_filename(path) else {
            throw RetentionVolumeError(.unreadableSignatures, object: path, detail: "it cannot be opened")
        }
        unsafe self.pointer = pointer
        self.path = path
    }

    deinit { unsafe blkid_free_probe(pointer) }

    /// Says what to look for.
    func enable() throws(RetentionVolumeError) {
        // A damaged superblock is a signature too: somebody may want to repair what it stands for.
        let superblocks =
            BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_MAGIC
            | BLKID_SUBLKS_BADCSUM
        guard unsafe blkid_probe_enable_superblocks(pointer, 1) == 0,
            unsafe blkid_probe_set_superblocks_flags(pointer, superblocks) == 0,
            unsafe blkid_probe_enable_partitions(pointer, 1) == 0,
            unsafe blkid_probe_set_partitions_flags(pointer, BLKID_PARTS_MAGIC) == 0
        else {
            throw RetentionVolumeError(.unreadableSignatures, object: path, detail: "libblkid cannot look for them")
        }
    }

    /// What the last find says of itself.
    func value(_ name: String) -> String? {
        var data: UnsafePointer<CChar>?
        // SAFETY: the text belongs to the probe until its next step; it ends with a null and is copied here.
        guard unsafe blkid_probe_lookup_value(pointer, name, &data, nil) == 0, let text = unsafe data else {
            return nil
        }
        return unsafe String(cString: text)
    }
}
