# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The load in a guest, from the host: started, watched by the notes it keeps, and judged."""

import hashlib
import importlib.util
import os
import shlex
import shutil

from image import HERE


def _program():
    specification = importlib.util.spec_from_file_location("guest_load", os.path.join(HERE, "guest", "load.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Load:
    """Replicates a changing source of `size` bytes, the guest's block device `device`, into a group."""

    def __init__(self, appliance, group, source, device, size):
        self.test = appliance.test
        self.size = size
        self.notes = os.path.join(self.test.shared, f"notes-{group}")
        shutil.copy(os.path.join(HERE, "guest", "load.py"), os.path.join(self.test.shared, "load.py"))
        sender = appliance.sender(group, [(source, device)], "--once", "--static-source", "--bookmark-label", "{label}")
        appliance.guest.run(
            f"python3 -B /host/load.py {device} {size} /host/notes-{group} {shlex.quote(sender)} "
            ">/host/load.log 2>&1 & echo $! >/run/load.pid")

    def lines(self, word):
        """The numbers of the rounds of which the notes say so."""
        if not os.path.exists(self.notes):
            return []
        with open(self.notes) as file:
            return [int(line.split()[1].rstrip(":")) for line in file if line.startswith(word)]

    def acknowledged(self):
        """The last round that was acknowledged; -1 for none."""
        return max(self.lines("acknowledged"), default=-1)

    def text(self):
        log = os.path.join(self.test.shared, "load.log")
        return "".join(open(path).read()[-2000:] for path in (self.notes, log) if os.path.exists(path))

    def wait_for(self, rounds, seconds=120):
        """Waits until so many more rounds were acknowledged."""
        wanted = self.acknowledged() + rounds
        self.test.wait(f"round {wanted} is acknowledged", lambda: self.acknowledged() >= wanted, seconds, self.text)

    def stop(self, seconds=120):
        """Lets the round that runs come to its end."""
        with open(os.path.join(self.test.shared, "stop-load"), "w"):
            pass
        self.test.wait("the load stops in order", lambda: self.text().rstrip().endswith("stopped"), seconds, self.text)
        os.unlink(os.path.join(self.test.shared, "stop-load"))

    def digest(self, number):
        """SHA-256 of what the source held after this round."""
        return hashlib.sha256(_program().content(number, self.size)).hexdigest()
