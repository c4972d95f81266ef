# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The life of the package on a machine: installed from files alone, upgraded under load, removed, purged."""

import json
import os
import re
import subprocess

from image import HERE
from load import Load
from packages import FORMER, Packages, property_of, seconds_to_ready

SUMMARY = "dpkg from files alone; figures; upgrade under load; watchdog; newer state; removed and purged without loss"
BEDS = ("uml",)
NEEDS = ()
LIMIT = 420
SIZE_MIB = 8
WATCHDOG_SECONDS = 8
SECONDS_TO_READY = 2
IDLE_MIB = 40


def run(test):
    retention = test.disk("retention", 640, serial="ee01" * 8)
    target = test.disk("target", 16, serial="aa01" * 8)
    source = test.disk("source", SIZE_MIB)
    with test.guest([retention, target], images=[source.path], systemd=True) as guest:
        packages, appliance = Packages(test, guest), test.appliance(guest)
        installed(test, guest, packages, appliance, retention)
        figures(test, guest)
        appliance.mtctl("group", "create", "shop")
        appliance.bind("shop", "web-root", target, source.size)
        load = Load(appliance, "shop", "web-root", guest.image_device(0), source.size)
        load.wait_for(2)
        upgraded(test, guest, packages, load)
        watchdog(test, guest, load)
        load.stop()
        test.equal("no round failed", [], load.lines("failed"))
        last = load.acknowledged()
        drained(test, guest, appliance, target, source, load.digest(last), last)
        newer_state(test, guest, appliance)
        removed(test, guest, packages, appliance, target, source, load.digest(last))


def installed(test, guest, packages, appliance, retention):
    packages.install("former")
    test.equal("dpkg installs the former packages from files alone", FORMER, packages.version())
    for unit in ("mastertargetd", "mt-process-server"):
        test.equal(f"{unit} is there and was not started", "disabled inactive",
                   f"{property_of(guest, 'UnitFileState', unit)} {property_of(guest, 'ActiveState', unit)}")
    guest.run("cp /host/master-target.yaml /etc/master-target/master-target.yaml; mkdir -p /mnt/retention; "
              f"device={appliance.by_identity(retention)}; mkfs.xfs -q -f $device; mount $device /mnt/retention; "
              "systemctl enable --now mastertargetd", 90)
    test.check("it listens once it is ready", appliance.json("status")["replication"]["isListening"])


def figures(test, guest):
    # The best of three: this bed has one processor, and others want it too.
    times = []
    for _ in range(3):
        guest.run("systemctl restart mastertargetd", 60)
        times.append(seconds_to_ready(guest))
    test.check(f"from its start to ready {min(times):.2f} s (of {', '.join(f'{time:.2f}' for time in times)}): "
               f"under {SECONDS_TO_READY} s", min(times) < SECONDS_TO_READY)
    process = property_of(guest, "MainPID")
    status = guest.run(f"cat /proc/{process}/status")
    resident = int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M).group(1))
    test.check(f"idle it holds {resident / 1024:.1f} MiB: under {IDLE_MIB}", resident < IDLE_MIB << 10)


def upgraded(test, guest, packages, load):
    process = property_of(guest, "MainPID")
    packages.install()
    test.check("an upgrade under load starts the new program", packages.version() != FORMER
               and property_of(guest, "MainPID") != process)
    kept = guest.run("cmp /etc/master-target/master-target.yaml /host/master-target.yaml && echo kept")
    test.equal("the configuration is the administrator's", "kept", kept.strip())
    load.wait_for(2)


def watchdog(test, guest, load):
    """The threads that data moves on are stopped, and nothing else is."""
    program = os.path.join(test.shared, "stop-threads")
    subprocess.run(["cc", "-O1", "-static", "-o", program, os.path.join(HERE, "stop-threads.c")], check=True)
    guest.run("mkdir -p /run/systemd/system/mastertargetd.service.d; "
              f"printf '[Service]\\nWatchdogSec={WATCHDOG_SECONDS}\\nRestartSec=1\\n' "
              ">/run/systemd/system/mastertargetd.service.d/test.conf; systemctl daemon-reload; "
              "systemctl restart mastertargetd", 60)
    process = property_of(guest, "MainPID")
    guest.run(f"/host/stop-threads {process} NIO- >/host/stop-threads.log 2>&1 & sleep 1")
    with open(os.path.join(test.shared, "stop-threads.log"), encoding="utf-8") as file:
        said = file.read()
    test.check(f"its data path hangs: {said.strip()}", said.startswith("stopped") and not said.startswith("stopped 0"), said)
    test.wait("the watchdog starts it again", lambda: "watchdog" in guest.sh(
        "journalctl --no-pager -o cat -u mastertargetd | grep -i watchdog")[1].lower()
        and property_of(guest, "MainPID") not in (process, "0"), 90,
        lambda: guest.sh("systemctl status --no-pager mastertargetd; journalctl --no-pager -u mastertargetd | tail -n 20")[1])
    guest.run("rm /run/systemd/system/mastertargetd.service.d/test.conf; systemctl daemon-reload")
    load.wait_for(2)


def drained(test, guest, appliance, target, source, wanted, last):
    guest.run("systemctl stop mastertargetd", 120)
    test.equal("it ends in order", "success", property_of(guest, "Result"))
    test.equal(f"the target holds what the source held after round {last}", wanted,
               appliance.digest(appliance.by_identity(target), source.size))


def newer_state(test, guest, appliance):
    """A later version has been here: what it wrote is not understood, and not touched."""
    path = guest.run("ls /var/lib/master-target/groups/*").split()[0]
    guest.run(f"cp {path} /run/record; sed -i 's/\"format\" *: *1/\"format\":99/' {path}; grep -q 99 {path}; "
              "systemctl start mastertargetd", 60)
    group = appliance.json("group", "show", "shop")
    test.check(f"a newer record is refused with a sentence: {group.get('cause')}",
               group["state"] == "degraded" and "99" in (group.get("cause") or ""), json.dumps(group))
    guest.run(f"systemctl stop mastertargetd; grep -q 99 {path}; cp /run/record {path}; systemctl start mastertargetd", 90)
    test.wait("with its own record it is protected", lambda: appliance.json("group", "show", "shop")["state"] == "protected")


def removed(test, guest, packages, appliance, target, source, wanted):
    labels = appliance.labels("shop")
    guest.run("dpkg --remove master-target", 120)
    test.equal("removed, the service is gone", "not-found", property_of(guest, "LoadState"))
    test.equal("and the data is there, all of it", "kept", guest.run(
        "[ -d /var/lib/master-target/groups ] && cmp /etc/master-target/master-target.yaml /host/master-target.yaml && "
        "[ -n \"$(ls /mnt/retention)\" ] && echo kept").strip())
    packages.install(name="master-target")
    guest.run("systemctl start mastertargetd", 60)
    test.equal("installed again it has what it had", labels, appliance.labels("shop"))
    guest.run("dpkg --purge master-target master-target-process-server", 120)
    test.equal("purged, its state and configuration are gone", "gone", guest.run(
        "[ ! -e /var/lib/master-target ] && [ ! -e /etc/master-target/master-target.yaml ] && echo gone").strip())
    history = guest.run("find /mnt/retention -type f | wc -l").strip()
    test.check(f"the retention volume is as it was: {history} files", int(history) > 0)
    test.equal("and so is the target disk", wanted, appliance.digest(appliance.by_identity(target), source.size))
