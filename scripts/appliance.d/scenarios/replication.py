# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The plain case, with a retention volume of XFS on a SCSI disk and a SCSI disk as the target."""

import hashlib
import random

SUMMARY = "history on an XFS SCSI disk, a SCSI disk as the target: what arrives is on the disk"
# In User Mode Linux every other scenario replicates too.
BEDS = ("qemu",)
NEEDS = ()
SIZE_MIB = 24


def run(test):
    retention = test.disk("retention", 640, serial="ee01" * 8)
    state = test.disk("state", 48, serial="ee02" * 8)
    target = test.disk("target", 32, serial="aa01" * 8)
    source = test.disk("source", SIZE_MIB)
    content = random.Random(7).randbytes(source.size)
    source.write(0, content)
    with test.guest([retention, state, target], images=[source.path]) as guest:
        appliance = test.appliance(guest)
        appliance.mount(retention, state, make=True)
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        appliance.bind("shop", "web-root", target, source.size)
        appliance.replicate("shop", [("web-root", guest.image_device(0))], "first", timeout=180)
        test.check("the bookmark is there", "first" in appliance.labels("shop"))
        appliance.stop()
        test.say("mastertargetd ended in order")
        guest.cut()
    expected = hashlib.sha256(content).hexdigest()
    found = hashlib.sha256(target.read(0, source.size)).hexdigest()
    test.equal("the target disk holds what the source held, on the medium", expected, found)
