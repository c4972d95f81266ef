# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The agent as a service of a real systemd, in its unit's sandbox: it starts, comes back when killed, ends in order."""

import json
import os
import shutil

import inventory
from image import HERE

SUMMARY = "the unit under systemd, in its sandbox: disks, guards and health work; restarted after kill -9, stopped in order"
BEDS = ("uml",)
NEEDS = ()
UNIT = "systemd/mastertargetd.service"


def run(test):
    retention = test.disk("retention", 640, serial="ee01" * 8)
    target = test.disk("target", 32, serial="aa01" * 8)
    source = test.disk("source", 8)
    source.write(0, b"a disk of the cloud" * 1000)
    shutil.copy(os.path.join(os.path.dirname(os.path.dirname(HERE)), UNIT), test.shared)
    with test.guest([retention, target], images=[source.path], systemd=True) as guest:
        appliance = test.appliance(guest)
        guest.run(
            "cp /host/mastertargetd.service /etc/systemd/system/; mkdir -p /etc/master-target; "
            "cp /host/master-target.yaml /etc/master-target/; "
            "for name in mastertargetd mtctl mt-process-server; do ln -s /programs/$name /usr/bin/$name; done; "
            f"device={appliance.by_identity(retention)}; mkfs.xfs -q -f $device; systemctl daemon-reload")
        status, output = guest.sh("systemctl start mastertargetd", 60)
        journal = guest.sh("journalctl --no-pager -u mastertargetd | tail -n 30")[1]
        test.check("it starts, without the retention volume", status == 0, output + journal)
        report = appliance.json("status")
        test.check("it listens once it is ready", report["replication"]["isListening"], report)
        guest.run(f"mount {appliance.by_identity(retention)} /mnt/retention")
        test.wait("a volume that is mounted later can be used",
                  lambda: appliance.json("status")["retention"]["isUsable"], 20, lambda: appliance.mtctl("status"))
        appliance.mtctl("group", "create", "shop")
        appliance.bind("shop", "web-root", target, source.size)
        in_sandbox(test, guest, appliance, target)
        appliance.replicate("shop", [("web-root", guest.image_device(0))], "first")
        process = guest.run("systemctl show --property MainPID --value mastertargetd").strip()
        guest.run(f"kill -KILL {process}")
        test.wait("it comes back after kill -9", lambda: is_back(guest, process), 60,
                  lambda: guest.sh("systemctl status --no-pager mastertargetd")[1])
        test.check("with what it had", "first" in appliance.labels("shop"))
        guest.run("systemctl stop mastertargetd", 60)
        result = guest.run("systemctl show --property Result --value mastertargetd").strip()
        test.equal("it ends in order", "success", result)
        found = appliance.digest(appliance.by_identity(target), source.size)
        test.equal("the target holds what the source held",
                   appliance.digest(guest.image_device(0), source.size), found)


def in_sandbox(test, guest, appliance, target):
    """What the unit's restrictions would break if they were too tight."""
    report = json.loads(guest.sh("mtctl health --json")[1])
    for check in ("os.packages", "os.layout", "os.time", "os.memory", "os.cpu", "vm.identity", "disks.enable-uuid",
                  "disks.guard", "multipath.daemon", "retention.volume"):
        test.check(f"{check} can be looked at", inventory.status_of(report, check) not in (None, "unknown"),
                   inventory.text(inventory.about(report, check)))
    test.check("the rules that keep others off could be written",
               "cannot be installed" not in json.dumps(report), json.dumps(report))
    device = guest.devices(target)[0]
    properties = guest.run(f"udevadm settle; udevadm info --query=property --name={device}")
    test.check("and udev follows them: the bound disk is marked", "UDISKS_IGNORE=1" in properties
               and "SYSTEMD_READY=0" in properties, properties)
    later = test.disk("later", 16, serial="aa07" * 8)
    guest.run(f"scsi disk later /disks/later.disk {later.size} {later.serial}; scsi host 7 later")
    test.wait("a disk that is plugged in is told by udev", lambda: "later" in guest.sh(
        "journalctl --no-pager -u mastertargetd -o cat; ls /var/lib/master-target/disks >/dev/null && "
        f"grep -q {test.wwid(later)} /var/lib/master-target/disks && echo later")[1], 20)
    exposure = guest.sh("systemd-analyze security --no-pager mastertargetd 2>/dev/null | tail -n 1")[1].split()
    test.check(f"systemd-analyze rates the exposure {' '.join(exposure[-3:-1])}: at most 2.5",
               any(word.replace('.', '', 1).isdigit() and float(word) <= 2.5 for word in exposure), str(exposure))


def is_back(guest, process):
    shown = guest.run("systemctl show --property MainPID,ActiveState --value mastertargetd").split()
    return "active" in shown and process not in shown and "0" not in shown
