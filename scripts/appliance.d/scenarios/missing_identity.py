# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""A disk without an identity is no target, and the refusal says how to give it one."""

SUMMARY = "a disk without identity is refused, with the EnableUUID remedy"
BEDS = ("uml", "qemu")
NEEDS = ("disks", "disk bind by identity")


def run(test):
    nameless = test.disk("nameless")
    with test.guest([nameless]) as guest:
        device = guest.devices(nameless)[0]
        test.equal(f"{device} has no identity", 1, guest.sh(f"/lib/udev/scsi_id --whitelisted --device={device}")[0])
        appliance = test.appliance(guest)
        test.needs("disks", "disk bind by identity")
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        reason = appliance.refusal(*appliance.bind_arguments("shop", "web-root", device, nameless.size))
        test.check("the refusal names the setting", "disk.EnableUUID" in reason and "TRUE" in reason, reason)
        test.check("the refusal names the disk", device.removeprefix("/dev/") in reason, reason)
