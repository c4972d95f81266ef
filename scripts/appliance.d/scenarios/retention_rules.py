# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Each rule for a retention volume refuses what breaks it, and says why (requirement R-07)."""

import inventory

SUMMARY = "retention: FAT, mounted elsewhere, replication target, zero size, root filesystem are refused; XFS is made"
BEDS = ("uml",)
NEEDS = ("retention candidates", "retention prepare", "disk bind by identity")


def run(test):
    fat = test.disk("fat", 64, serial="fa01" * 8)
    mounted = test.disk("mounted", 64, serial="fa02" * 8)
    target = test.disk("target", 64, serial="fa03" * 8)
    signed = test.disk("signed", 640, serial="fa04" * 8)
    free = test.disk("free", 640, serial="fa05" * 8)
    with test.guest([fat, mounted, target, signed, free]) as guest:
        device = {disk.name: guest.devices(disk)[0] for disk in (fat, mounted, target, signed, free)}
        guest.run(
            f"mkfs.vfat {device['fat']}; mkfs.ext4 -q -F {device['mounted']}; mkdir -p /data; "
            f"mount {device['mounted']} /data; mkfs.ext4 -q -F {device['signed']}; modprobe nbd nbds_max=1; "
            "udevadm settle; [ \"$(blockdev --getsize64 /dev/nbd0)\" = 0 ]")
        test.say("FAT, a mounted filesystem, a disk that carries one, a device of no size: made")

        test.needs(*NEEDS)
        appliance = test.appliance(guest)
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        appliance.bind("shop", "web-root", target)
        report = appliance.json("retention", "candidates")
        root = guest.run("findmnt --noheadings --output MAJ:MIN /").strip()
        for what, name, words in (
            ("FAT", device["fat"], ("fat",)),
            ("a filesystem that is mounted elsewhere", device["mounted"], ("/data",)),
            ("a replication target", device["target"], ("target", "shop")),
            ("a device of no size", "/dev/nbd0", ("empty", "zero", "0 B", "no size")),
            ("the root filesystem", "/dev/ubda", ("root",)),
        ):
            record = inventory.text(inventory.about_device(report, name))
            test.check(f"{what} ({name}) is shown with its reason",
                       any(word.lower() in record.lower() for word in words), f"root is {root}\n{record or report}")
        for what, name in (("FAT", "fat"), ("mounted", "mounted"), ("target", "target"), ("signed", "signed")):
            reason = appliance.refusal("retention", "prepare", device[name])
            test.check(f"prepare refuses the disk that is {what}", device[name].removeprefix("/dev/") in reason, reason)
        appliance.mtctl("retention", "prepare", device["free"])
        found = guest.run(f"findmnt --noheadings --output FSTYPE,TARGET {device['free']}").split()
        test.equal("a free disk becomes the retention volume", ["xfs", "/mnt/retention"], found)
        test.check("the agent can use it", appliance.json("status")["retention"]["isUsable"])
