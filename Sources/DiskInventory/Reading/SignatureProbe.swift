// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CBlkid
import LinuxSystem
import StoragePrimitives

/// What is written on a device, by libblkid's low-level probing: every signature, as wipefs lists them.
///
/// It reads the first and last parts of the device. The device is not changed, and nothing is cached.
public enum SignatureProbe {
    /// The most signatures that one device can have; more than a handful is damage or malice.
    private static let mostSignatures = 64

    /// The signatures of a device or an image file, in the order libblkid finds them. Blocks.
    ///
    /// - Throws: ``DeviceError`` where it cannot be opened or read, or has more of them than can be true.
    public static func signatures(of path: String) throws(DeviceError) -> [Signature] {
        let probe = try Probe(path: path)
        var signatures: [Signature] = []
        for _ in 0..<mostSignatures {
            guard try probe.next() else { return signatures }
            if let signature = probe.signature() { signatures.append(signature) }
        }
        throw DeviceError(
            .outOfRange, operation: "blkid_do_probe", object: path,
            detail: "it has more than \(mostSignatures) signatures")
    }
}

/// libblkid's probe, freed with this value.
@safe private struct Probe: ~Copyable {
    private let handle: OpaquePointer
    private let path: String

    init(path: String) throws(DeviceError) {
        guard let handle = unsafe blkid_new_probe_from_filename(path) else {
            throw SystemFiles.lastError("blkid_new_probe_from_filename", path)
        }
        unsafe self.handle = unsafe handle
        self.path = path
        unsafe blkid_probe_enable_superblocks(handle, 1)
        // A damaged superblock is a signature too: somebody may want to repair what it stands for.
        unsafe blkid_probe_set_superblocks_flags(
            handle,
            BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_MAGIC
                | BLKID_SUBLKS_BADCSUM)
        unsafe blkid_probe_enable_partitions(handle, 1)
        unsafe blkid_probe_set_partitions_flags(handle, BLKID_PARTS_MAGIC)
    }

    deinit { unsafe blkid_free_probe(handle) }

    /// Goes on to the next signature; false when there is none left.
    func next() throws(DeviceError) -> Bool {
        switch unsafe blkid_do_probe(handle) {
        case 0: return true
        case 1: return false
        default: throw SystemFiles.lastError("blkid_do_probe", path)
        }
    }

    func signature() -> Signature? {
        if let type = value("TYPE") {
            return Signature(
                type: type, usage: value("USAGE") ?? "other", uuid: value("UUID"), label: value("LABEL"),
                offset: value("SBMAGIC_OFFSET").flatMap { UInt64($0) }.map { ByteOffset($0) })
        }
        guard let type = value("PTTYPE") else { return nil }
        return Signature(
            type: type, usage: "partition-table", uuid: value("PTUUID"),
            offset: value("PTMAGIC_OFFSET").flatMap { UInt64($0) }.map { ByteOffset($0) })
    }

    private func value(_ name: String) -> String? {
        var text: UnsafePointer<CChar>?
        guard unsafe blkid_probe_lookup_value(handle, name, &text, nil) == 0, let text = unsafe text else { return nil }
        // SAFETY: the text belongs to the probe and is copied before the next call; it ends with a zero.
        let string = unsafe String(cString: text)
        return string.isEmpty ? nil : string
    }
}
