# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors

SUMMARY = "host prepare: shown first, applied, applied again without a change, undone to the byte"
BEDS = ("uml",)
NEEDS = ("host prepare",)
# Every file and link below these folders, with its mode and a digest of what is in it.
FINGERPRINT = """python3 -B - <<'END'
import hashlib, os
for root in ("/etc", "/usr/lib/udev", "/usr/lib/systemd", "/usr/local", "/var/lib/master-target", "/var/crash"):
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in [""] + sorted(names):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if os.path.islink(path):
                print(path, os.readlink(path))
            elif name:
                print(path, oct(status.st_mode), hashlib.sha256(open(path, "rb").read()).hexdigest())
            else:
                print(path, oct(status.st_mode))
END"""


def run(test):
    with test.guest([]) as guest:
        test.needs(*NEEDS)
        before = guest.run(FINGERPRINT)
        appliance = test.appliance(guest)
        shown = appliance.mtctl("host", "prepare")
        test.check("it shows what it would write, as a difference", "+    skip_kpartx yes" in shown, shown)
        test.equal("showing changes nothing", before, guest.run(FINGERPRINT))
        appliance.mtctl("host", "prepare", "--apply")
        applied = guest.run(FINGERPRINT)
        test.check("applying changes something", applied != before)
        configuration = guest.run("multipath -t")
        test.check("multipath reads it: partitions of targets are left alone", 'skip_kpartx "yes"' in configuration,
                   configuration)
        appliance.mtctl("host", "prepare", "--apply", "--yes")
        test.equal("applying again changes nothing", applied, guest.run(FINGERPRINT))
        appliance.mtctl("host", "prepare", "--undo", "--yes")
        test.equal("undone, everything is as it was", before, guest.run(FINGERPRINT))
