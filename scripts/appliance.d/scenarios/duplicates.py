# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors

SUMMARY = "two disks with one identity are refused, also where multipathd joined them into a map, even when both are blank"
BEDS = ("uml", "qemu")
NEEDS = ("disks", "disk bind by identity", "health")


def run(test):
    serial = "dd01" * 8
    one = test.disk("one", serial=serial)
    other = test.disk("other", serial=serial, hosts=(2,))
    one.write(0, b"this is one")
    other.write(0, b"this is the other")
    # Copies without any content: nothing tells them apart before something is written.
    blank = [test.disk(f"blank-{host}", 32, serial="dd02" * 8, hosts=(host,)) for host in (1, 2)]
    volumes = [test.disk("retention", 640, serial="ee01" * 8), test.disk("state", 48, serial="ee02" * 8)]
    source = test.disk("source", 16)
    source.write(0, b"a disk of the cloud " * 50000)
    with test.guest([one, other, *blank, *volumes], images=[source.path]) as guest:
        devices = guest.devices(one) + guest.devices(other)
        wwid = test.wwid(one)
        test.wait("multipathd joins them into one map", lambda: guest.sh(f"[ -b /dev/mapper/{wwid} ]")[0] == 0, 60)
        read = "dd if={} bs=512 count=1 iflag=direct status=none | tr -d '\\0'"
        contents = {guest.run(read.format(device)) for device in devices}
        test.equal("which are two different disks", {"this is one", "this is the other"}, contents)

        appliance = test.appliance(guest)
        test.needs(*NEEDS)
        appliance.mount(*volumes, make=True)
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        names = [device.removeprefix("/dev/") for device in devices]
        refuse(test, appliance, wwid, one.size, names)
        refuse(test, appliance, f"/dev/mapper/{wwid}", one.size, [wwid])
        told(test, guest, "disks.unique", names)
        told(test, guest, "disks.unique", ["multipath -f"])
        blank_copies(test, guest, appliance, blank, source)

        guest.run(f"multipathd shutdown; sleep 1; multipath -f {wwid}")
        refuse(test, appliance, wwid, one.size, names)
        for device in devices:
            refuse(test, appliance, device, one.size, [wwid])
        told(test, guest, "disks.unique", names)
        guest.cut()
    test.check("nothing was written to either", (one.read(0, 11), other.read(0, 17))
               == (b"this is one", b"this is the other"))


def refuse(test, appliance, target, size, words):
    reason = appliance.refusal(*appliance.bind_arguments("shop", "web-root", target, size))
    test.check(f"{target} is refused, with {' and '.join(words)}", all(word in reason for word in words), reason)


def told(test, guest, check, words):
    shown = []

    def is_told():
        shown[:] = guest.sh("mtctl health")
        return shown[0] == 2 and check in shown[1] and all(word in shown[1] for word in words)

    # On a slow bed a look at the disks may take longer than a report waits for it.
    test.wait(f"mtctl health says so: critical, with {' and '.join(words)}", is_told, 60, lambda: shown[1])


def blank_copies(test, guest, appliance, blank, source):
    """They read alike, so the map is taken; the first write makes them differ, and is not acknowledged as applied."""
    names = [device.removeprefix("/dev/") for disk in blank for device in guest.devices(disk)]
    wwid = test.wwid(blank[0])
    test.wait("multipathd joins blank copies too", lambda: guest.sh(f"[ -b /dev/mapper/{wwid} ]")[0] == 0, 60)
    appliance.mtctl("group", "create", "blank")
    appliance.mtctl(*appliance.bind_arguments("blank", "web-root", wwid, source.size))
    guest.sh(appliance.sender("blank", [("web-root", guest.image_device(0))], "--once", "--static-source",
                              "--bookmark-label", "first") + " >/host/sender-blank.log 2>&1 & echo $! >/run/sender.pid")
    shown = []

    def is_stopped():
        shown[:] = [appliance.guest.sh("mtctl group show blank")[1]]
        return all(name in shown[0] for name in names) and "different bytes" in shown[0]

    test.wait("the first write makes them differ, and stops the group, which names both", is_stopped, 60,
              lambda: shown[0] + appliance.log())
    guest.sh("kill $(cat /run/sender.pid)")
    told(test, guest, "disks.unique", names)
