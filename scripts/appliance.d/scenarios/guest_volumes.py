# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""A target holds the disks of a machine that used LVM and md: the appliance must not bring those to life, for then it
would write to them, and hold them."""

SUMMARY = "LVM volumes and md arrays on target disks are not activated"
BEDS = ("uml",)
NEEDS = ("host prepare", "disk bind by identity")

MAKE = """set -e
pvcreate -q {lvm}
vgcreate -q guestgroup {lvm}
lvcreate -q -y --zero n -L 8M -n guestroot guestgroup
mdadm --quiet --create /dev/md/guest --run --level=1 --raid-devices=2 --metadata=1.2 --assume-clean {first} {second}
vgchange -q -an guestgroup
mdadm --quiet --stop --scan
sync"""


def events(devices):
    """Makes udev look at the disks as if they had just come up."""
    blocks = " ".join(f"/sys/block/{device.removeprefix('/dev/')}" for device in devices)
    return f"udevadm trigger --action=add {blocks}; udevadm settle"


def is_md_active(guest):
    return "active" in guest.run("cat /proc/mdstat 2>/dev/null || true").replace("inactive", "active")


def is_lvm_active(guest):
    return "guestgroup" in guest.run("dmsetup ls")


def run(test):
    disks = [test.disk(name, 32, serial=f"aa0{number}" * 8) for number, name in enumerate(("lvm", "first", "second"))]
    volumes = [test.disk("retention", 640, serial="ee01" * 8), test.disk("state", 48, serial="ee02" * 8)]
    with test.guest(disks) as guest:
        devices = [guest.devices(disk)[0] for disk in disks]
        guest.run(MAKE.format(lvm=devices[0], first=devices[1], second=devices[2]))
        guest.poweroff()
    with test.guest([*disks, *volumes]) as guest:
        devices = [guest.devices(disk)[0] for disk in disks]
        guest.run(events(devices) + "; vgchange -q -aay || true")
        test.check("without preparation the guest's volume group comes to life", is_lvm_active(guest))
        test.wait("without preparation the guest's array comes to life", lambda: is_md_active(guest))
        guest.run("vgchange -q -an guestgroup; mdadm --quiet --stop --scan")

        test.needs(*NEEDS)
        appliance = test.appliance(guest)
        appliance.mount(*volumes, make=True)
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        for disk in disks:
            appliance.bind("shop", disk.name, disk)
        guest.run(events(devices))
        test.check("the volume group of a bound disk stays asleep", not is_lvm_active(guest), guest.run("dmsetup ls"))
        test.check("the array of bound disks stays asleep", not is_md_active(guest), guest.run("cat /proc/mdstat"))
        health = guest.sh("mtctl health")[1]
        test.check("mtctl health says that LVM is not told yet, and what to do",
                   "LVM is not told" in health and "mtctl host prepare --apply" in health, health)
        appliance.mtctl("host", "prepare", "--apply", "--yes")
        test.check("LVM does not even see it", "guestgroup" not in guest.run("vgs 2>&1"))
        appliance.stop()
        guest.run(events(devices) + "; vgchange -q -aay || true; mdadm --quiet --assemble --scan || true")
        test.check("nor does anything come to life while the agent is not there, as at a start",
                   not is_lvm_active(guest), guest.run("dmsetup ls"))
