# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""What a scenario is given: guests, checks, and the way to say that a command is not there yet."""

import os
import shutil
import tempfile
import time

from appliance import Appliance
from disk import Disk
from patience import Patience
from qemu import Qemu
from uml import Uml

BEDS = {"uml": Uml, "qemu": Qemu}


class NotYet(Exception):
    """The scenario goes no further, because a command that it tests does not exist yet."""


class Failed(Exception):
    """Something that was promised does not hold."""


class Trial:
    """One run of one scenario on one bed, with a folder of its own."""

    def __init__(self, bed, image, programs, keep=False):
        self.bed = bed
        self.image = image
        self.programs = programs
        self.keep = keep
        self.checks = 0
        self.folder = tempfile.mkdtemp(prefix="test.", dir=image.work)
        self.shared = os.path.join(self.folder, "host")
        os.makedirs(self.shared)

    def disk(self, name, mib=64, serial=None, **options):
        """A new disk, or the one of this name."""
        return Disk(self.folder, name, mib, serial, **options)

    def guest(self, disks=(), **options):
        """A started guest, for `with`; what is in /host stays from one to the next."""
        guest = BEDS[self.bed](
            self.image, self.programs.folder, disks, folder=self.shared, keep=self.keep, **options)
        try:
            guest.start()
        except BaseException:
            guest.__exit__()
            raise
        self.say(f"started in {guest.boot_seconds:.1f} s")
        return guest

    def appliance(self, guest):
        return Appliance(self, guest)

    def wwid(self, disk):
        return disk.wwid(self.bed)

    def check(self, sentence, holds, evidence=""):
        if not holds:
            raise Failed(f"{sentence}: this does not hold." + (f"\n{evidence}" if evidence != "" else ""))
        self.checks += 1
        self.say(f"✔ {sentence}")

    def equal(self, sentence, expected, found):
        self.check(sentence, expected == found, f"expected: {expected}\nfound:    {found}")

    def needs(self, *commands):
        """Ends the scenario here when mtctl does not have these commands."""
        missing = [command for command in commands if not self.programs.has(command)]
        if missing:
            raise NotYet("command missing: " + ", ".join(f"mtctl {command}" for command in missing))

    def wait(self, sentence, condition, seconds=60, evidence=lambda: ""):
        """Checks that something comes to hold."""
        patience = Patience(seconds)
        while not condition():
            if patience.left() <= 0:
                self.check(f"{sentence} within {seconds} s", False, evidence())
            time.sleep(0.1)
        self.check(sentence, True)

    @staticmethod
    def say(text):
        print(f"   {text}", flush=True)

    def close(self):
        if self.keep:
            self.say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
