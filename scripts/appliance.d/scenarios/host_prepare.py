# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Preparing the host shows what it would do, does it, does nothing the second time, and can be undone."""

SUMMARY = "host prepare: shown first, applied, applied again without a change, undone to the byte"
BEDS = ("uml",)
NEEDS = ("host prepare",)
PLACES = "/etc /usr/lib/udev /usr/lib/systemd /usr/local"


def fingerprint(guest):
    return guest.run(
        f"find {PLACES} -xdev \\( -type f -o -type l \\) -print0 | sort -z | "
        "xargs -0 -I{} sh -c "
        "'stat -c \"%n %a\" \"$1\"; [ -L \"$1\" ] && readlink \"$1\" || sha256sum <\"$1\"' - {}", 120)


def run(test):
    with test.guest([]) as guest:
        test.needs(*NEEDS)
        before = fingerprint(guest)
        appliance = test.appliance(guest)
        appliance.mtctl("host", "prepare")
        test.equal("showing changes nothing", before, fingerprint(guest))
        appliance.mtctl("host", "prepare", "--apply")
        applied = fingerprint(guest)
        test.check("applying changes something", applied != before)
        configuration = guest.run("multipath -t")
        test.check("multipath reads it: partitions of targets are left alone", 'skip_kpartx "yes"' in configuration,
                   configuration)
        appliance.mtctl("host", "prepare", "--apply")
        test.equal("applying again changes nothing", applied, fingerprint(guest))
        appliance.mtctl("host", "prepare", "--undo")
        test.equal("undone, everything is as it was", before, fingerprint(guest))
