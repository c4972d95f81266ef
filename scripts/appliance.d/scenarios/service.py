# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The agent as a service of a real systemd, in its unit's sandbox: it starts, comes back when killed, ends in order."""

import os
import shutil

from image import HERE

SUMMARY = "the unit under systemd: ready when it listens, restarted after kill -9, stopped in order"
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
            f"device={appliance.by_identity(retention)}; mkfs.xfs -q -f $device; mount $device /mnt/retention; "
            "systemctl daemon-reload")
        status, output = guest.sh("systemctl start mastertargetd", 60)
        journal = guest.sh("journalctl --no-pager -u mastertargetd | tail -n 30")[1]
        test.check("it starts", status == 0, output + journal)
        report = appliance.json("status")
        test.check("it listens once it is ready", report["replication"]["isListening"], report)
        test.check("the retention volume can be used", report["retention"]["isUsable"], report)
        appliance.mtctl("group", "create", "shop")
        appliance.bind("shop", "web-root", target, source.size)
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


def is_back(guest, process):
    shown = guest.run("systemctl show --property MainPID,ActiveState --value mastertargetd").split()
    return "active" in shown and process not in shown and "0" not in shown
