# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The health checks see what is wrong with disks, paths and the retention volume, and only then."""

import json

import inventory

SUMMARY = "health: a disk without identity, clones and a lost path are found, and the exit status follows"
BEDS = ("uml",)
NEEDS = ("health",)


def health(guest):
    """(exit status, report); 0 to 3 are answers, anything else is not."""
    status, output = guest.sh("mtctl health --json")
    return status, json.loads(output)


def run(test):
    retention = test.disk("retention", 640, serial="ee01" * 8, hosts=(3,))
    state = test.disk("state", 48, serial="ee02" * 8, hosts=(3,))
    target = test.disk("target", 32, serial="aa01" * 8, hosts=(1, 2))
    nameless = test.disk("nameless", 32, hosts=(3,))
    clones = [test.disk("clone-one", 32, serial="dd01" * 8, hosts=(3,)),
              test.disk("clone-two", 32, serial="dd01" * 8, hosts=(4,))]
    with test.guest([target, retention, state, nameless, *clones]) as guest:
        appliance = test.appliance(guest)
        appliance.mount(retention, state, make=True)
        appliance.start()
        test.needs(*NEEDS)
        appliance.mtctl("group", "create", "shop")
        appliance.bind("shop", "web-root", target)
        status, report = health(guest)
        test.equal("a disk without identity is a warning while it is not bound", "warning",
                   inventory.status_of(report, "disks.enable-uuid"))
        test.equal("clones are critical", "critical", inventory.status_of(report, "disks.unique"))
        test.equal("both paths are up", "ok", inventory.status_of(report, "multipath.paths"))
        test.equal("the retention volume is good", "ok", inventory.status_of(report, "retention.volume"))
        test.equal("the exit status is that of the worst", 2, status)
        guest.lose_path(target, 1)
        test.wait("a lost path is a warning",
                  lambda: inventory.status_of(health(guest)[1], "multipath.paths") == "warning", 60)
        guest.lose_path(target, 2)
        test.wait("the loss of the last is critical",
                  lambda: inventory.status_of(health(guest)[1], "multipath.paths") == "critical", 60)
