# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""A target with two paths: the map is bound and never a path, and a path that goes and comes back costs nothing."""

from load import Load

SUMMARY = "the map is the target, a single path is refused; a path pulled under load and returned, nothing lost"
BEDS = ("uml", "qemu")
NEEDS = ("disk bind by identity", "multipath")
SIZE_MIB = 16


def run(test):
    retention = test.disk("retention", 640, serial="ee01" * 8, hosts=(3,))
    state = test.disk("state", 48, serial="ee02" * 8, hosts=(3,))
    target = test.disk("target", 24, serial="aa01" * 8, hosts=(1, 2))
    source = test.disk("source", SIZE_MIB)
    with test.guest([target, retention, state], images=[source.path]) as guest:
        wwid = test.wwid(target)
        test.wait("multipathd makes a map of two paths", lambda: ready(guest, wwid) == 2, 60)
        appliance = test.appliance(guest)
        appliance.mount(retention, state, make=True)
        appliance.start()
        appliance.mtctl("group", "create", "shop")
        for device in guest.devices(target):
            reason = appliance.refusal(*appliance.bind_arguments("shop", "web-root", device, source.size))
            test.check(f"the path {device} is refused: {reason.splitlines()[0]}",
                       device.removeprefix("/dev/") in reason, reason)
            if test.programs.has("disk bind by identity"):
                test.check("the refusal names the map", wwid in reason, reason)
        appliance.bind("shop", "web-root", target, source.size)
        load = Load(appliance, "shop", "web-root", guest.image_device(0), source.size)
        load.wait_for(2)
        guest.lose_path(target, 1)
        test.say("one path is pulled")
        load.wait_for(2)
        test.wait("multipathd sees one path left", lambda: ready(guest, wwid) == 1, 60)
        guest.return_path(target, 1)
        test.wait("multipathd has both again", lambda: ready(guest, wwid) == 2, 60)
        guest.lose_path(target, 2)
        test.say("the other path is pulled")
        load.wait_for(2)
        guest.return_path(target, 2)
        test.wait("multipathd has both again", lambda: ready(guest, wwid) == 2, 60)
        load.stop()
        test.equal("no round failed", [], load.lines("failed"))
        last = load.acknowledged()
        test.equal(f"the target holds what the source held after round {last}", load.digest(last),
                   appliance.digest(f"/dev/mapper/{wwid}", source.size))
        test.needs(*NEEDS)
        shown = appliance.mtctl("multipath")
        names = [wwid, *(device.removeprefix("/dev/") for device in guest.devices(target))]
        test.check("mtctl multipath shows the map and its paths", all(name in shown for name in names), shown)


def ready(guest, wwid):
    """How many paths of the map multipathd calls active and ready."""
    return guest.sh(f"multipath -ll {wwid}")[1].count("active ready")
