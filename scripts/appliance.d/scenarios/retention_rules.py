# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Each rule for a retention volume refuses what breaks it, and says why (requirement R-07)."""

SUMMARY = "retention: FAT, mounted elsewhere, replication target, zero size, root filesystem are refused; XFS is made"
BEDS = ("uml",)
NEEDS = ("retention candidates", "retention prepare", "disk bind by identity")


def run(test):
    names = ("fat", "mounted", "target", "signed", "free")
    fat, mounted, target, signed, free = (
        test.disk(name, 2200, serial=f"fa0{number}" * 8) for number, name in enumerate(names, 1))
    # systemd mounts what is prepared, through a unit.
    with test.guest([fat, mounted, target, signed, free], systemd=True) as guest:
        device = {disk.name: guest.devices(disk)[0] for disk in (fat, mounted, target, signed, free)}
        guest.run(
            f"mkfs.vfat {device['fat']}; mkfs.ext4 -q -F {device['mounted']}; mkdir -p /data; "
            f"mount {device['mounted']} /data; mkfs.ext4 -q -F {device['signed']}; modprobe nbd nbds_max=1; "
            "udevadm settle; [ \"$(blockdev --getsize64 /dev/nbd0)\" = 0 ]", 120)
        test.say("FAT, a mounted filesystem, a disk that carries one, a device of no size: made")

        test.needs(*NEEDS)
        appliance = test.appliance(guest)
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        appliance.bind("shop", "web-root", target)
        report = appliance.json("retention", "candidates")
        for what, node, rule in (
            ("FAT", device["fat"], "not-fat"),
            ("a filesystem that is mounted elsewhere", device["mounted"], "not-mounted-elsewhere"),
            ("a replication target", device["target"], "not-a-target"),
            ("a device of no size", "/dev/nbd0", "capacity"),
            ("the root filesystem", "/dev/ubda", "not-system"),
        ):
            refused_by(test, report, what, node, rule)
        appliance.stop()
        refused_by(test, appliance.json("retention", "candidates"), "a replication target while no agent runs",
                   device["target"], "not-a-target")
        appliance.start()
        for what, name in (("FAT", "fat"), ("mounted", "mounted"), ("a target", "target"), ("not blank", "signed")):
            reason = appliance.refusal("retention", "prepare", device[name], "--yes")
            test.check(f"prepare refuses the disk that is {what}", device[name].removeprefix("/dev/") in reason, reason)
        appliance.mtctl("retention", "prepare", device["free"], "--yes", timeout=120)
        found = guest.run(f"findmnt --noheadings --output FSTYPE,TARGET {device['free']}").split()
        test.equal("a free disk becomes the retention volume", ["xfs", "/mnt/retention"], found)
        test.check("the agent can use it", appliance.json("status")["retention"]["isUsable"])


def refused_by(test, report, what, node, rule):
    name = node.removeprefix("/dev/")
    candidate = next((each for each in report["candidates"] if each["device"].removeprefix("/dev/") == name), None)
    failed = [each["sentence"] for each in (candidate or {"rules": []})["rules"]
              if each["outcome"] == "failed" and each["rule"].split(".")[-1] == rule]
    test.check(f"{what} ({name}) is refused: {' '.join(failed)}", failed, str(candidate or report)[:3000])
