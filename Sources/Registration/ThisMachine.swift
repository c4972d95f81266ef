// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Crypto
import LinuxSystem
import StoragePrimitives

extension MachineFingerprint {
    /// Of the machine that this runs on. Blocks for as long as the kernel takes.
    ///
    /// The machine's id is a secret of the machine; what leaves it is made of it for this application alone.
    ///
    /// Source: machine-id(5) and man 3 sd_id128_get_machine_app_specific: HMAC-SHA256 of the application's id, keyed with
    /// the machine's, the first 16 octets; SMBIOS's system UUID by the kernel's `dmi-id`.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.unavailable` where the machine has no id.
    public static func ofThisMachine() throws -> MachineFingerprint {
        let text = try line("/etc/machine-id") ?? ""
        guard let machine = HexBytes(text), machine.bytes.count == 16 else {
            throw ConfigurationFailure(
                .unavailable, "/etc/machine-id holds no id, and a machine without one cannot be told from its copies.",
                remedy: "Make one: systemd-machine-id-setup.")
        }
        let hash = HMAC<SHA256>.authenticationCode(
            for: Array("io.mastertarget.registration".utf8), using: SymmetricKey(data: machine.bytes))
        let product = try line("/sys/class/dmi/id/product_uuid").flatMap { HexBytes($0.filter { $0 != "-" }) }
        return MachineFingerprint(
            machineID: HexBytes(Array(hash.prefix(16))), productUUID: product?.bytes.count == 16 ? product : nil)
    }

    private static func line(_ path: String) throws -> String? {
        try SystemFiles.contents(path, limit: 4096).map { bytes in
            String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }
}

/// What this machine is called.
public enum HostName {
    /// The kernel's name for it, as far as it is one that a server is told.
    ///
    /// Source: man 5 proc_sys_kernel, `/proc/sys/kernel/hostname`.
    public static func current() -> String {
        // Nothing but the name is lost; the host id is what counts.
        let bytes = (try? SystemFiles.contents("/proc/sys/kernel/hostname", limit: 4096)) ?? []
        let name = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return HostText.isHostName(name) ? name : "unnamed"
    }
}
