# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Every disk's identity is the one that scsi_id prints, and a disk that has none is shown without one."""

import inventory

SUMMARY = "identities are those of scsi_id, on every disk and path"
BEDS = ("uml", "qemu")
NEEDS = ("disks",)


def of_sysfs(wwid):
    """The kernel's own form of an NAA designator, from the form of scsi_id, which begins with the designator's type."""
    return "naa." + wwid[1:]


def run(test):
    plain = test.disk("plain", serial="aa01" * 8)
    doubled = test.disk("doubled", serial="aa02" * 8, hosts=(1, 2))
    nameless = test.disk("nameless")
    with test.guest([plain, doubled, nameless]) as guest:
        for disk in (plain, doubled):
            for device in guest.devices(disk):
                found = guest.run(f"/lib/udev/scsi_id --whitelisted --replace-whitespace --device={device}").strip()
                test.equal(f"scsi_id of {device} is what the bed gave it", test.wwid(disk), found)
                kernel = guest.run(f"cat /sys/block/{device.removeprefix('/dev/')}/device/wwid").strip()
                test.equal(f"the kernel's wwid of {device} is the same", of_sysfs(found), kernel)
        device = guest.devices(nameless)[0]
        status, output = guest.sh(f"/lib/udev/scsi_id --whitelisted --device={device}")
        test.equal(f"{device} has no identity", (1, ""), (status, output))

        test.needs("disks")
        appliance = test.appliance(guest)
        appliance.start()
        report = appliance.json("disks")
        for disk in (plain, doubled):
            for device in guest.devices(disk):
                record = inventory.text(inventory.about_device(report, device))
                test.check(f"mtctl disks shows {device} with its identity", test.wwid(disk) in inventory.text(report)
                           and record != "", inventory.text(report))
        record = inventory.text(inventory.about_device(report, device))
        test.check(f"mtctl disks shows {device}, without an identity", record and "36000c29" not in record, record)
