# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Two different disks that carry one identity, as clones do: neither may be written to, whatever multipathd does."""

SUMMARY = "two disks with one identity are refused, also where multipathd joined them into a map"
BEDS = ("uml", "qemu")
NEEDS = ("disks", "disk bind by identity")


def refuse(test, appliance, names, target, size):
    reason = appliance.refusal(*appliance.bind_arguments("shop", "web-root", target, size))
    test.check(f"the refusal of {target} names both disks", all(name in reason for name in names), reason)


def run(test):
    serial = "dd01" * 8
    one = test.disk("one", serial=serial)
    other = test.disk("other", serial=serial, hosts=(2,))
    one.write(0, b"this is one")
    other.write(0, b"this is the other")
    with test.guest([one, other]) as guest:
        devices = guest.devices(one) + guest.devices(other)
        wwid = test.wwid(one)
        test.wait("multipathd joins them into one map", lambda: guest.sh(f"[ -b /dev/mapper/{wwid} ]")[0] == 0, 60)
        read = "dd if={} bs=512 count=1 iflag=direct status=none | tr -d '\\0'"
        contents = {guest.run(read.format(device)) for device in devices}
        test.equal("which are two different disks", {"this is one", "this is the other"}, contents)

        appliance = test.appliance(guest)
        test.needs("disks", "disk bind by identity")
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        names = [device.removeprefix("/dev/") for device in devices]
        refuse(test, appliance, names, wwid, one.size)
        refuse(test, appliance, names, f"/dev/mapper/{wwid}", one.size)
        guest.run(f"multipathd shutdown; sleep 1; multipath -f {wwid}")
        refuse(test, appliance, names, wwid, one.size)
        for device in devices:
            refuse(test, appliance, names, device, one.size)
        guest.cut()
    test.check("nothing was written to either", (one.read(0, 11), other.read(0, 17))
               == (b"this is one", b"this is the other"))
