# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Our programs as the benchmark runs them: each is called in one place."""

import json
import os
import signal
import subprocess
import time

from machine import ROOT
from peers import free_port

HOST = "localhost"
DISK = "bench-disk"


class Product:
    """A whole appliance in a folder, with one group, one target disk and one process server."""

    def __init__(self, machine, programs, name="product", group="bench", nbd=False):
        self.machine = machine
        self.programs = programs
        self.folder = os.path.dirname(machine.path(name, "x"))
        self.group = group
        self.socket = f"{self.folder}/control.sock"
        self.port = free_port()
        self.nbd_port = free_port() if nbd else None
        self.daemon = None
        self.source = f"{self.folder}/source"
        for part in ("retention", "state", "sender"):
            os.makedirs(f"{self.folder}/{part}", exist_ok=True)
        self._make_certificates()
        self._write_configuration()

    def _program(self, name):
        return os.path.join(self.programs, name)

    def mtctl(self, *arguments):
        return self.machine.run(self._program("mtctl"), *arguments)

    def control(self, *arguments):
        return self.mtctl(*arguments, "--socket", self.socket)

    def _make_certificates(self):
        folder = f"{self.folder}/pki"
        if os.path.exists(folder):
            return
        self.mtctl("pki", "init", "--folder", folder)
        self.mtctl("pki", "issue", "--folder", folder, "--host", "appliance", "--role", "master-target",
                   "--dns", HOST, "--ip", "127.0.0.1")
        self.mtctl("pki", "issue", "--folder", folder, "--host", "cloud", "--role", "process-server")
        self.mtctl("pki", "issue", "--folder", folder, "--host", "hypervisor", "--role", "nbd-client")

    def _write_configuration(self):
        pki = f"{self.folder}/pki"
        nbd = f'nbd:\n  enabled: "true"\n  address: "127.0.0.1"\n  port: "{self.nbd_port}"\n' if self.nbd_port else ""
        group = subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
        with open(f"{self.folder}/master-target.yaml", "w") as file:
            file.write(
                f'replication:\n  address: "127.0.0.1"\n  port: "{self.port}"\n'
                f'  certificate: "{pki}/appliance.master-target.pem"\n'
                f'  key: "{pki}/appliance.master-target.key"\n  authority: "{pki}/authority.pem"\n'
                f'retention:\n  path: "{self.folder}/retention"\nstate:\n  path: "{self.folder}/state"\n'
                f'control:\n  socket: "{self.socket}"\n  group: "{group}"\n{nbd}')

    def start(self):
        """Starts the daemon and gives the seconds until it answers."""
        began = time.monotonic()
        self.daemon = self.machine.start(
            self._program("mastertargetd"), "--config", f"{self.folder}/master-target.yaml", log="mastertargetd.log")
        self.machine.wait_until(self._answers, "mastertargetd answers", pause=0.02)
        return time.monotonic() - began

    def _answers(self):
        if self.daemon.poll() is not None:
            raise RuntimeError(f"mastertargetd ended by itself with {self.daemon.returncode}; see mastertargetd.log")
        command = [self._program("mtctl"), "status", "--socket", self.socket]
        return subprocess.run(command, capture_output=True).returncode == 0

    def stop(self, how=signal.SIGTERM):
        if self.daemon:
            self.machine.stop(self.daemon, how)
            self.daemon = None

    def protect(self, target, size, group=None):
        group = group or self.group
        self.control("group", "create", group)
        self.control("disk", "bind", group, "--source", DISK, "--target", f"file:{target}", "--size", str(size), "--yes")

    def state(self):
        return json.loads(self.control("group", "show", self.group, "--json"))

    def put_source(self, content):
        """Makes a file the source's content, without copying it."""
        temporary = f"{self.source}.new"
        os.symlink(content, temporary)
        os.replace(temporary, self.source)

    def replicate(self):
        """One pass of the process server, from its start until all of it is on the target. Gives seconds."""
        began = time.monotonic()
        self.machine.run(*self._sender(self.group, self.source, "sender"))
        self.drain()
        return time.monotonic() - began

    def send(self, group, content):
        """Starts a process server of its own that sends a file to a group once."""
        os.makedirs(f"{self.folder}/sender-{group}", exist_ok=True)
        return self.machine.start(*self._sender(group, content, f"sender-{group}"), log=f"{group}.log")

    def _sender(self, group, source, state):
        pki = f"{self.folder}/pki"
        return [
            self._program("mt-process-server"), "--server", f"{HOST}:{self.port}", "--group", group,
            "--disk", f"{DISK}={source}", "--state", f"{self.folder}/{state}",
            "--certificate", f"{pki}/cloud.process-server.pem", "--key", f"{pki}/cloud.process-server.key",
            "--authority", f"{pki}/authority.pem", "--once", "--static-source", "--give-up-after", "60s"]

    def drain(self):
        def is_drained():
            state = self.state()
            return state.get("durableSequence") == state.get("appliedSequence")

        self.machine.wait_until(is_drained, "everything durable is applied", seconds=600, pause=0.02)

    def bookmark(self, label):
        self.control("bookmark", self.group, "--label", label)

    def recover(self, point):
        began = time.monotonic()
        self.control("recover", self.group, "--point", point, "--source-stopped", "--targets-untouched", "--yes")
        return time.monotonic() - began

    def roll_back(self):
        self.control("rollback", self.group, "--targets-untouched", "--yes")

    def forget_sender(self):
        """A process server that lost its state has to compare the whole disk by digest."""
        self.machine.run("rm", "-rf", f"{self.folder}/sender")
        os.makedirs(f"{self.folder}/sender")

    # Clients that speak NBD.

    def nbd_client(self):
        """The folder with a client's certificate, as GnuTLS wants it."""
        pki, folder = f"{self.folder}/pki", f"{self.folder}/nbd-client"
        if not os.path.exists(folder):
            os.makedirs(folder)
            for there, here in (("authority.pem", "ca-cert.pem"), ("hypervisor.nbd-client.pem", "client-cert.pem"),
                                ("hypervisor.nbd-client.key", "client-key.pem")):
                self.machine.run("cp", f"{pki}/{there}", f"{folder}/{here}")
        return folder

    def nbd_export(self):
        return f"{self.group}/{DISK}"

    def nbd_uri(self):
        return f"nbds://{HOST}:{self.nbd_port}/{self.nbd_export()}?tls-certificates={self.nbd_client()}"

    @staticmethod
    def timed(work):
        began = time.monotonic()
        work()
        return time.monotonic() - began

    def cpu_seconds(self):
        return self.machine.cpu_seconds(self.daemon.pid)

    def remove(self):
        self.stop()
        self.machine.run("rm", "-rf", self.folder)


def load_program(programs):
    """The load generator `mt-load`, which drives the retention store in its own process and prints JSON.

    Each row that uses it says in its first lines which subcommand it calls and what comes back. All its files are in the
    folder it is given: the row makes the target in it, `mt-load` the rest.
    """
    program = os.path.join(programs, "mt-load")
    if not os.access(program, os.X_OK):
        raise Missing(f"{program} is not built")
    return program


class Missing(RuntimeError):
    """A row cannot be measured here; the sentence says why."""


DEFAULT_PROGRAMS = os.path.join(ROOT, ".build", "release")
