# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""A virtual machine with a shell in it: what both beds have in common."""

import atexit
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

from patience import Patience

READY = b"APPLIANCE-SHELL"
# A longer command travels as a file: the terminal between host and guest holds 4096 bytes.
LONGEST_LINE = 800


class GuestError(Exception):
    """The machine itself failed: it did not start, went away, or did not answer in time."""


class Guest:
    """A machine that is started, given commands, and ended; it never outlives this process.

    `folder` is the guest's /host, on the host: what is put there is seen on both sides, and survives a power cut.
    """

    living = set()

    def __init__(self, image, programs, folder=None, keep=False):
        self.image = image
        self.programs = programs
        self.keep = keep
        self.private = tempfile.mkdtemp(prefix="guest.", dir=image.work)
        self.folder = folder or os.path.join(self.private, "host")
        os.makedirs(self.folder, exist_ok=True)
        self.log = os.path.join(self.private, "console")
        self.process = None
        self._scripts = 0
        self._watch = None

    # A bed provides: _start() launches self.process, _send(bytes), _receive(seconds) → bytes, or None for nothing.

    def start(self, timeout):
        began = time.monotonic()
        self._start()
        self._wait_for_shell(Patience(timeout))
        self.boot_seconds = time.monotonic() - began
        return self

    def _launch(self, command, **options):
        """Starts the machine in a process group of its own, which ends with this process, however that ends."""
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
        Guest.living.add(self)
        # When the pipe's other end goes, with this process, `read` returns. The machine leaves helper processes behind
        # when it is killed alone, so that the kernel's own parent-death signal would not do.
        reading, self._watch_end = os.pipe()
        self._watch = subprocess.Popen(
            ["sh", "-c", f"read -r _; kill -KILL -{self.process.pid}"],
            stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(reading)

    def _wait_for_shell(self, patience):
        seen = b""
        while READY not in seen:
            if patience.left() <= 0 or self.process.poll() is not None:
                raise GuestError(f"The guest gave no shell. Its console said:\n{self.console()}")
            seen += self._receive(1) or b""

    def console(self):
        """The end of what the kernel and the first process said."""
        if not os.path.exists(self.log):
            return ""
        with open(self.log, errors="replace") as file:
            return file.read()[-3000:]

    def sh(self, command, timeout=60):
        """Runs a shell command in the guest: (status, output and errors together)."""
        marker = secrets.token_hex(8)
        if "\n" in command or len(command) > LONGEST_LINE:
            self._scripts += 1
            name = f".command-{os.getpid()}-{marker}"
            with open(os.path.join(self.folder, name), "w") as file:
                file.write(command + "\n")
            command = f". /host/{name}"
        # In parentheses, so that an `exit` or a `cd` ends with the command.
        self._send(f"( {command} ) </dev/null 2>&1; echo {marker} $?\n".encode())
        pattern = re.compile(marker.encode() + rb" (\d+)\r?\n")
        output, patience = b"", Patience(timeout)
        while True:
            found = pattern.search(output)
            if found:
                text = output[: found.start()].decode(errors="replace").replace("\r\n", "\n")
                return int(found.group(1)), text
            left = patience.left()
            if left <= 0:
                raise GuestError(f"Not done in {timeout} s: {command}\n{output[-2000:].decode(errors='replace')}")
            data = self._receive(min(left, 1))
            if data == b"":
                raise GuestError(f"The guest went away during: {command}\n{self.console()}")
            output += data or b""

    def run(self, command, timeout=60):
        """Runs a command that has to succeed; its output."""
        status, output = self.sh(command, timeout)
        if status != 0:
            raise GuestError(f"{command} ended with {status}:\n{output[-3000:]}")
        return output

    def cut(self):
        """A power cut: the machine's processes are killed at this instant."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._buried()

    def poweroff(self, timeout=30):
        """An orderly end; GuestError when the machine does not go."""
        self._send(b"stop\n")
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise GuestError(f"The guest did not power off in {timeout} s.\n{self.console()}") from error
        finally:
            self.cut()

    def _buried(self):
        self.process.wait()
        self.process = None
        if self._watch:
            self._watch.kill()
            self._watch.wait()
            os.close(self._watch_end)
            self._watch = None
        self._closed()
        Guest.living.discard(self)

    def _closed(self):
        """Closes what belongs to the process that is gone."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
        if not self.keep:
            shutil.rmtree(self.private, ignore_errors=True)


@atexit.register
def _end_all():
    for guest in list(Guest.living):
        guest.cut()
