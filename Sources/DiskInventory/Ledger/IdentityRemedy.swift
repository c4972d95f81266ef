// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How a disk without an identity gets one.
public enum IdentityRemedy {
    /// The remedy for a disk, by what made it and what the machine runs on.
    public static func text(for disk: Disk, on platform: DiskScan.Platform) -> String {
        if platform == .vmware || disk.vendor?.hasPrefix("VMware") == true {
            return
                "Turn the machine off; in the VM's settings open the configuration parameters, set disk.EnableUUID to "
                + "TRUE, and turn it on again."
        }
        if disk.kind == .virtio {
            return "Give the disk a serial number in the hypervisor (QEMU: -device virtio-blk,serial=…; libvirt: "
                + "<serial>), each disk another one."
        }
        if disk.vendor == "QEMU" || platform == .qemu {
            return "Give the disk a WWN or a serial number in the hypervisor (QEMU: -device scsi-hd,wwn=…,serial=…; "
                + "libvirt: <wwn> or <serial>), each disk another one."
        }
        if disk.kind == .nvme {
            return "Give the namespace an NGUID, an EUI-64 or a UUID in the target or the hypervisor."
        }
        if disk.vendor == "LIO-ORG" {
            return "Give the unit a serial number in the target (wwn/vpd_unit_serial in LIO's configuration)."
        }
        return "Have the array or the hypervisor answer SCSI page 0x83 or 0x80 for the disk; where it cannot, the disk "
            + "cannot be a target."
    }
}
