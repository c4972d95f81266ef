# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The packages that scripts/package made, in a guest that has nothing of the programs but these."""

import glob
import os
import shutil
import subprocess

from image import HERE
from trial import NotYet

ROOT = os.path.dirname(os.path.dirname(HERE))
FORMER = "0.0.1"
NAMES = ("master-target", "master-target-process-server")


class Packages:
    """DEBs in /host/packages, and the same with a lower version number in /host/former: what is upgraded from."""

    def __init__(self, test, guest):
        self.test = test
        self.guest = guest
        self.folder = os.path.join(test.shared, "packages")
        if not os.path.exists(self.folder):
            self._collect()
        # Nothing but the packages has programs from here on.
        guest.run("umount /programs")

    def _collect(self):
        made = os.path.join(ROOT, ".build/packages")
        found = [path for name in NAMES for path in glob.glob(f"{made}/{name}_*.deb")]
        if len(found) != len(NAMES):
            raise NotYet(f"the packages are not in {made}: scripts/package --format deb makes them")
        former = os.path.join(self.test.shared, "former")
        os.makedirs(self.folder)
        os.makedirs(former)
        for path in found:
            shutil.copy(path, self.folder)
            self._with_version(path, FORMER, former)

    @staticmethod
    def _with_version(path, version, folder):
        tree = os.path.join(folder, "tree")
        subprocess.run(["dpkg-deb", "--raw-extract", path, tree], check=True)
        control = os.path.join(tree, "DEBIAN/control")
        with open(control, encoding="utf-8") as file:
            lines = file.read().splitlines()
        with open(control, "w", encoding="utf-8") as file:
            for line in lines:
                print(f"Version: {version}" if line.startswith("Version:") else line, file=file)
        subprocess.run(["dpkg-deb", "--build", "-Zgzip", "--root-owner-group", tree, folder], check=True, capture_output=True)
        shutil.rmtree(tree)

    def install(self, folder="packages", name="*"):
        return self.guest.run(f"dpkg --install /host/{folder}/{name}_*.deb", 180)

    def version(self, name="master-target"):
        return self.guest.run(f"dpkg-query --show --showformat '${{Version}}' {name}").strip()


def property_of(guest, name, unit="mastertargetd"):
    return guest.run(f"systemctl show --property {name} --value {unit}").strip()


def seconds_to_ready(guest, unit="mastertargetd"):
    """From the start of the program to the moment at which it said that it is ready."""
    began, ready = (int(property_of(guest, name, unit)) for name in (
        "ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic"))
    return (ready - began) / 1e6
