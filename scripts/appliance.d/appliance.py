# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The project's programs in a guest: a configured agent, its groups, and a sender beside it."""

import json
import os
import shlex
import time

from guest import GuestError
from patience import Patience

PORT = 9443
# On the guest: history and records, each on a volume of its own, as on a real appliance.
RETENTION = "/mnt/retention"
STATE = "/var/lib/master-target"
CONFIGURATION = f"""\
replication:
  address: "127.0.0.1"
  port: "{PORT}"
  certificate: "/host/pki/appliance.master-target.pem"
  key: "/host/pki/appliance.master-target.key"
  authority: "/host/pki/authority.pem"
"""


class Refused(Exception):
    """mtctl said no; the text is its reason."""


class Appliance:
    """mastertargetd in a guest."""

    def __init__(self, test, guest):
        self.test = test
        self.guest = guest
        self._make_certificates()

    def _make_certificates(self):
        folder = os.path.join(self.test.shared, "pki")
        if not os.path.exists(folder):
            mtctl = self.test.programs.mtctl
            mtctl("pki", "init", "--folder", folder)
            mtctl("pki", "issue", "--folder", folder, "--host", "appliance", "--role", "master-target",
                  "--dns", "localhost", "--ip", "127.0.0.1")
            mtctl("pki", "issue", "--folder", folder, "--host", "cloud", "--role", "process-server")
        with open(os.path.join(self.test.shared, "master-target.yaml"), "w") as file:
            file.write(CONFIGURATION)

    def mount(self, retention, state, make=False):
        """Mounts the volumes for history and records by their identity; `make` puts filesystems on them first."""
        for disk, place, options in ((retention, RETENTION, "xfs"), (state, STATE, "ext4")):
            device = self.by_identity(disk)
            if make:
                self.guest.run(f"mkfs.{options} -q {'-f' if options == 'xfs' else '-F'} {device}")
            self.guest.run(f"mkdir -p {place} && mount -t {options} {device} {place}")

    def by_identity(self, disk):
        """The device, by a name that its identity gives it; a map where there is one."""
        wwid = self.test.wwid(disk)
        return self.guest.run(
            f"if [ -b /dev/mapper/{wwid} ]; then echo /dev/mapper/{wwid}; else echo /dev/disk/by-id/scsi-{wwid}; fi"
        ).strip()

    def start(self, seconds=90):
        """Starts the agent and waits until it listens."""
        self.guest.run(
            "mkdir -p /run/master-target; mastertargetd --config /host/master-target.yaml "
            ">>/host/mastertargetd.log 2>&1 & echo $! >/run/mastertargetd.pid")
        patience = Patience(seconds)
        while patience.left() > 0:
            status, output = self.guest.sh("mtctl status --json")
            if status == 0 and json.loads(output)["replication"]["isListening"]:
                return
            time.sleep(0.2)
        raise GuestError(f"mastertargetd does not listen after {seconds} s:\n{output}\n{self.log()}")

    def stop(self):
        """Ends the agent in order; its exit is seen, not its status."""
        self.guest.run(
            "kill $(cat /run/mastertargetd.pid); "
            "for i in $(seq 300); do [ -d /proc/$(cat /run/mastertargetd.pid) ] || exit 0; sleep 0.1; done; exit 1")

    def is_running(self):
        return self.guest.sh("[ -d /proc/$(cat /run/mastertargetd.pid) ]")[0] == 0

    def log(self):
        path = os.path.join(self.test.shared, "mastertargetd.log")
        if not os.path.exists(path):
            return ""
        with open(path, errors="replace") as file:
            return file.read()[-3000:]

    def mtctl(self, *arguments, timeout=60):
        """Runs mtctl in the guest; its output, or Refused with what it said."""
        status, output = self.guest.sh("mtctl " + " ".join(map(shlex.quote, arguments)), timeout)
        if status == 1:
            raise Refused(output.strip())
        if status != 0:
            raise GuestError(f"mtctl {' '.join(arguments)} ended with {status}:\n{output}\n{self.log()}")
        return output

    def json(self, *arguments):
        return json.loads(self.mtctl(*arguments, "--json"))

    def refusal(self, *arguments):
        """Why mtctl refuses; the scenario fails when it does not."""
        try:
            output = self.mtctl(*arguments)
        except Refused as refused:
            return str(refused)
        self.test.check(f"mtctl {' '.join(arguments)} is refused", False, output)

    def bind(self, group, source, disk, size=None):
        """By identity where mtctl can, by a path that udev makes of the identity where it cannot yet."""
        by_identity = self.test.programs.has("disk bind by identity")
        target = self.test.wwid(disk) if by_identity else self.by_identity(disk)
        self.mtctl(*self.bind_arguments(group, source, target, size or disk.size))

    @staticmethod
    def bind_arguments(group, source, target, size):
        return ("disk", "bind", group, "--source", source, "--target", target, "--size", str(size), "--yes")

    def sender(self, group, sources, *more):
        """The command line of mt-process-server; `sources` are pairs of a source's name and its path."""
        disks = " ".join(f"--disk {name}={path}" for name, path in sources)
        return (f"mt-process-server --server localhost:{PORT} --group {group} {disks} --state /host/sender-{group} "
                "--certificate /host/pki/cloud.process-server.pem --key /host/pki/cloud.process-server.key "
                f"--authority /host/pki/authority.pem {' '.join(more)}")

    def replicate(self, group, sources, label, timeout=60):
        """One pass, with a bookmark of this name; returns when all of it is on the target disks."""
        return self.guest.run(
            self.sender(group, sources, "--once", "--static-source", "--bookmark-label", label), timeout)

    def recover(self, group, point):
        self.mtctl("recover", group, "--point", point, "--source-stopped", "--yes", timeout=90)

    def digest(self, device, size):
        """SHA-256 of the first bytes of a device, past every cache of the guest's block layer."""
        return self.guest.run(
            f"dd if={device} bs=1M iflag=direct,count_bytes count={size} status=none | sha256sum", 90).split()[0]

    def labels(self, group):
        return [bookmark.get("label") for bookmark in self.json("points", group)["bookmarks"]]
