# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Disks come up under other names after a boot, and every source still goes to its own disk."""

import hashlib
import random

SUMMARY = "disks in another order after a boot are still bound rightly"
BEDS = ("uml",)
NEEDS = ("disk bind by identity",)


def run(test):
    retention = test.disk("retention", 640, serial="ee01" * 8)
    state = test.disk("state", 48, serial="ee02" * 8)
    targets = [test.disk("one", 16, serial="aa01" * 8), test.disk("two", 16, serial="aa02" * 8)]
    sources = [test.disk("source-one", 12), test.disk("source-two", 12)]

    def replicate(guest, appliance, number):
        pairs = [(disk.name, guest.image_device(place)) for place, disk in enumerate(sources)]
        appliance.replicate("shop", pairs, f"pass-{number}")

    def fill(seed):
        for disk in sources:
            disk.write(0, random.Random(f"{disk.name} {seed}").randbytes(disk.size))

    def compare():
        for source, target in zip(sources, targets):
            expected, found = (hashlib.sha256(disk.read(0, source.size)).hexdigest() for disk in (source, target))
            test.equal(f"{target.name} holds {source.name}", expected, found)

    fill(1)
    images = [disk.path for disk in sources]
    with test.guest([retention, state, *targets], images=images) as guest:
        before = [guest.devices(disk) for disk in targets]
        appliance = test.appliance(guest)
        appliance.mount(retention, state, make=True)
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        for source, target in zip(sources, targets):
            appliance.bind("shop", source.name, target, source.size)
        replicate(guest, appliance, 1)
        appliance.stop()
        guest.poweroff()
    compare()
    fill(2)
    with test.guest([targets[1], targets[0], state, retention], images=images) as guest:
        after = [guest.devices(disk) for disk in targets]
        test.check(f"the names are swapped: {before} before, {after} after", before != after)
        appliance = test.appliance(guest)
        appliance.mount(retention, state)
        appliance.start()
        replicate(guest, appliance, 2)
        guest.cut()
    compare()
    test.needs(*NEEDS)
