# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The project's programs, as the guests see them, and what commands they have."""

import os
import re
import shutil
import subprocess
from functools import lru_cache

NAMES = ("mastertargetd", "mtctl", "mt-process-server")
# These belong to the guest's own C library.
OF_THE_SYSTEM = re.compile(r"/(ld-linux[^/]*|lib(c|m|pthread|dl|rt|resolv))\.so")


class Programs:
    """Copies of the programs without debug information, with the libraries that a plain system does not have.

    They find these libraries beside themselves: their run path ends with $ORIGIN.
    """

    def __init__(self, built, folder):
        self.built = built
        self.folder = folder

    def are_built(self):
        return all(os.access(os.path.join(self.built, name), os.X_OK) for name in NAMES)

    def collect(self):
        os.makedirs(self.folder, exist_ok=True)
        libraries = set()
        for name in NAMES:
            source = os.path.join(self.built, name)
            self._copy(source, ["strip", "-o"])
            listing = subprocess.run(["ldd", source], capture_output=True, text=True, check=True).stdout
            libraries |= set(re.findall(r"=> (/\S+)", listing))
        for library in libraries:
            if not OF_THE_SYSTEM.search(library):
                self._copy(library)

    def _copy(self, source, command=None):
        place = os.path.join(self.folder, os.path.basename(source))
        modified = os.stat(source).st_mtime_ns
        if os.path.exists(place) and os.stat(place).st_mtime_ns == modified:
            return
        # Replaced, never overwritten: another run's guest may be executing it.
        if command:
            subprocess.run([*command, place + ".new", source], check=True)
        else:
            shutil.copy(source, place + ".new")
        os.utime(place + ".new", ns=(modified, modified))
        os.rename(place + ".new", place)

    def mtctl(self, *arguments):
        """Runs mtctl on the host; its output."""
        return subprocess.run(
            [os.path.join(self.folder, "mtctl"), *arguments], capture_output=True, text=True, check=True,
            timeout=60).stdout

    @lru_cache(maxsize=None)
    def help(self, *noun):
        return self.mtctl("help", *noun)

    @lru_cache(maxsize=None)
    def has(self, command):
        """Whether mtctl knows a command: `disks`, `retention candidates`, `disk bind by identity`."""
        if command == "disk bind by identity":
            return "identity" in self.help("disk", "bind").lower()
        words = command.split()
        for depth, word in enumerate(words):
            _, _, listed = self.help(*words[:depth]).partition("SUBCOMMANDS:")
            if not re.search(rf"^  {re.escape(word)}\b", listed, re.M):
                return False
        return True
