# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The power fails under load, on disks whose volatile cache is lost with it: everything acknowledged is there."""

import random

from load import Load

SUMMARY = "power cut under load, twice: every acknowledged bookmark is there and recovers to the byte"
BEDS = ("uml",)
NEEDS = ()
LIMIT = 400
SIZE_MIB = 16
CUTS = 2


def run(test):
    retention = test.disk("retention", 640, serial="ee01" * 8, volatile=True)
    state = test.disk("state", 48, serial="ee02" * 8, volatile=True)
    target = test.disk("target", 24, serial="aa01" * 8, volatile=True)
    probe = test.disk("probe", 16, serial="bb01" * 8, volatile=True)
    source = test.disk("source", SIZE_MIB)
    disks, images = [retention, state, target, probe], [source.path]
    # Where in a round the power goes is a matter of luck; a test of a moment has to come by many moments.
    luck = random.Random()
    for cut in range(CUTS):
        with test.guest(disks, images=images) as guest:
            appliance = test.appliance(guest)
            appliance.mount(retention, state, make=cut == 0)
            appliance.start()
            if cut == 0:
                appliance.mtctl("group", "create", "shop")
                appliance.bind("shop", "web-root", target, source.size)
            load = Load(appliance, "shop", "web-root", guest.image_device(0), source.size)
            load.wait_for(3 - cut)
            write_probe(guest, guest.devices(probe)[0])
            # A round takes about a second.
            guest.sh(f"sleep {luck.uniform(0, 1.2):.2f}")
            guest.cut()
            test.say(f"power cut in round {max(load.lines('begin'))}; acknowledged: {load.lines('acknowledged')}")
        test.equal("this bed loses what was not flushed, and nothing else", (b"flushed", bytes(9)),
                   (probe.read(0, 7), probe.read(8 << 20, 9)))
    with test.guest(disks, images=images) as guest:
        appliance = test.appliance(guest)
        appliance.mount(retention, state)
        appliance.start()
        acknowledged = {f"round-{number}" for number in load.lines("acknowledged")}
        missing = acknowledged - set(appliance.labels("shop"))
        test.equal(f"all {len(acknowledged)} acknowledged bookmarks are there", set(), missing)
        device = appliance.by_identity(target)
        last = load.acknowledged()
        for number in (last, 1, last - 1):
            appliance.recover("shop", f"round-{number}")
            test.equal(f"the target shows round {number}, to the byte", load.digest(number),
                       appliance.digest(device, source.size))
        appliance.mtctl("rollback", "shop", "--yes")
        appliance.mtctl("verify", "shop")
        test.say("all of the history was read, and is sound")


def write_probe(guest, device):
    """One write that is flushed and one that is not, both past the page cache and taken by the disk."""
    guest.run(
        f"printf flushed | dd of={device} bs=4096 conv=sync oflag=direct status=none; sync {device}; "
        f"printf unflushed | dd of={device} bs=4096 seek=2048 conv=sync,notrunc oflag=direct status=none")
