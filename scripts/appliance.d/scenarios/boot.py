# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The machine starts with its retention volume as it should be, without it, with a damaged one, with a full one."""

import json
import os
import shutil

import inventory
from packages import ROOT, Packages, property_of

SUMMARY = "started with the machine, after its volume; with a volume that is missing, damaged, full it runs and says so"
BEDS = ("uml",)
NEEDS = ()
LIMIT = 420
DEVICE = "/dev/ubdb"
TARGET = "/var/lib/master-target/target.img"
SIZE = 4 << 20
# Of the first allocation group: XFS finds it wrong as it mounts. Source: XFS Algorithms & Data Structures, AG headers.
HEADERS = (512, 1536)


def run(test):
    volume = test.disk("volume", 640)
    root = os.path.join(test.folder, "root.cow")

    def start(images):
        return test.guest(images=images, systemd=True, root=root)

    with start([volume.path]) as guest:
        set_up(test, guest)
        guest.poweroff()
    with start([volume.path]) as guest:
        in_order(test, guest)
        guest.poweroff()
    whole = volume.path + ".whole"
    shutil.copy(volume.path, whole)
    with start([]) as guest:
        without(test, guest, "missing")
        guest.poweroff()
    volume.write(HEADERS[0], b"\xa5" * HEADERS[1])
    with start([volume.path]) as guest:
        without(test, guest, "damaged")
        guest.poweroff()
    os.replace(whole, volume.path)
    with start([volume.path]) as guest:
        full(test, guest)


def set_up(test, guest):
    packages, appliance = Packages(test, guest), test.appliance(guest)
    packages.install()
    uuid = guest.run(f"mkfs.xfs -q -f {DEVICE} && blkid -o value -s UUID {DEVICE}").strip()
    shutil.copy(os.path.join(ROOT, "systemd/mnt-retention.mount"), test.shared)
    guest.run("cp /host/master-target.yaml /etc/master-target/; "
              f"sed 's|by-uuid/.*|by-uuid/{uuid}|' /host/mnt-retention.mount >/etc/systemd/system/mnt-retention.mount; "
              "systemctl daemon-reload; systemctl enable mnt-retention.mount mastertargetd")
    guest.run("udevadm settle; systemctl start mnt-retention.mount mastertargetd", 90)
    test.check("set up as the README says, it has its volume", appliance.json("status")["retention"]["isUsable"])
    # An image file that the sandbox lets it write to: this bed's SCSI disks come later than its services.
    guest.run(f"truncate -s {SIZE} {TARGET} /srv/source; head -c {SIZE} /dev/urandom >/srv/source")
    appliance.mtctl("group", "create", "shop")
    appliance.mtctl(*appliance.bind_arguments("shop", "web-root", f"file:{TARGET}", SIZE))
    appliance.replicate("shop", [("web-root", "/srv/source")], "first")
    test.check("and a group with a recovery point", "first" in appliance.labels("shop"))


def running(test, guest, seconds=60):
    guest.run("umount /programs")
    test.wait("the service runs when the machine has started",
              lambda: property_of(guest, "ActiveState") == "active", seconds,
              lambda: guest.sh("systemctl list-jobs --no-pager; systemctl status --no-pager mastertargetd")[1])
    return test.appliance(guest)


def in_order(test, guest):
    appliance = running(test, guest)
    mounted = int(property_of(guest, "ActiveEnterTimestampMonotonic", "mnt-retention.mount"))
    began = int(property_of(guest, "ExecMainStartTimestampMonotonic"))
    test.check("the agent was started after its volume was mounted", 0 < mounted <= began, f"{mounted} {began}")
    status = appliance.json("status")
    test.check("ready means that it listens and has its volume",
               status["replication"]["isListening"] and status["retention"]["isUsable"], json.dumps(status))
    failed = guest.run("systemctl list-units --failed --no-legend --plain 'mastertarget*' 'mnt-retention*' 'mt-*'")
    test.equal("none of its units failed", "", failed.strip())


def without(test, guest, how):
    # systemd waits for the device for 90 seconds before it goes on without it.
    appliance = running(test, guest, 150)
    group = appliance.json("group", "show", "shop")
    test.check(f"with a {how} volume the group says: {group.get('cause')}",
               group["state"] == "degraded" and "/mnt/retention" in (group.get("cause") or ""), json.dumps(group))
    status, output = guest.sh("mtctl health --json")
    test.equal("and health is critical, because of the volume", (2, "critical"),
               (status, inventory.status_of(json.loads(output), "retention.volume")))
    test.check("it listens, so that senders hear it", appliance.json("status")["replication"]["isListening"])


def full(test, guest):
    appliance = running(test, guest)
    test.wait("with the whole volume the group is protected", lambda: appliance.json("group", "show", "shop")["state"]
              == "protected", 30, lambda: appliance.mtctl("group", "show", "shop"))
    test.check("and has what it had", "first" in appliance.labels("shop"))
    guest.sh("dd if=/dev/zero of=/mnt/retention/filler bs=1M 2>/dev/null; "
             "dd if=/dev/zero of=/mnt/retention/filler.too bs=4k 2>/dev/null; sync", 120)
    guest.run("systemctl restart mastertargetd", 60)
    report = json.loads(guest.sh("mtctl health --json")[1])
    space = inventory.about(report, "retention.space")
    test.check(f"with a full volume it runs and says: {inventory.text(space)}", space["severity"] == "critical",
               json.dumps(space))
