# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""User Mode Linux: a Linux kernel as a process, with a SCSI layer, device-mapper and udev. It starts in 2 to 3 seconds.

Its SCSI disks are files of the host behind the kernel's own SCSI target (guest/scsi).
"""

import os
import select
import shutil

from guest import Guest, GuestError


class Uml(Guest):
    """`disks` are attached in the order given, host by host: sda, sdb, … are this order.

    `images` are files of the host that are plain block devices without identity: /dev/ubdb, /dev/ubdc and so on. `root`
    names the file with what a guest changes of its root filesystem, for one that is started again; without it that goes
    with the guest.
    """

    name = "uml"

    def __init__(self, image, programs, disks=(), images=(), systemd=False, memory_mib=768, root=None, **options):
        super().__init__(image, programs, **options)
        self.root = root or os.path.join(self.private, "root.cow")
        self.disks = list(disks)
        self.images = list(images)
        self.systemd = systemd
        self.memory_mib = memory_mib
        self._pipes = []

    def _arguments(self):
        console, to_guest, from_guest = self._pipes
        arguments = [
            "linux.uml", "umid=guest", f"uml_dir={self.private}", f"mem={self.memory_mib}M",
            f"ubd0={self.root},{self.image.root}", "root=/dev/ubda", "rootfstype=ext4", "rw", "quiet",
            "con=null", f"con0=fd:{console},fd:1", "ssl=null", f"ssl0=fd:{to_guest},fd:{from_guest}",
            "test.shell=/dev/ttyS0", f"test.share=/host={self.folder}", f"test.share=/programs={self.programs}",
            *([f"test.share=/disks={os.path.dirname(self.disks[0].path)}"] if self.disks else []),
        ]
        if not self.systemd:
            arguments.append("init=/usr/local/sbin/init")
        files = [*self.images, *[disk.path for disk in self._volatile()]]
        return arguments + [f"ubd{number}={path}" for number, path in enumerate(files, 1)]

    def _volatile(self):
        return [disk for disk in self.disks if disk.volatile]

    def _backing(self, disk):
        """What is behind a SCSI disk. A shared folder passes every write on at once. A block device's writes stay in
        the guest's memory, which goes with its power, until they are flushed; but LVM and blkid take the device for a
        copy of the disk, so only disks whose cache matters have it.
        """
        if disk.volatile:
            return self.image_device(len(self.images) + self._volatile().index(disk))
        return f"/disks/{os.path.basename(disk.path)}"

    def _environment(self):
        environment = dict(os.environ)
        # The guest's memory is a file, which belongs into memory where there is room.
        shared = "/dev/shm"
        has_room = os.path.isdir(shared) and shutil.disk_usage(shared).free > self.memory_mib << 21
        environment["TMPDIR"] = shared if has_room else self.private
        if self.image.processor_shim:
            environment["LD_PRELOAD"] = self.image.processor_shim
        return environment

    def start(self, timeout=60):
        super().start(timeout)
        self._attach()
        return self

    def _attach(self):
        """Makes SCSI disks of the files."""
        if not self.disks:
            return
        # The kernel numbers SCSI hosts as they come.
        self.hosts = sorted({host for disk in self.disks for host in disk.hosts})
        commands = ["set -e", "scsi prepare"]
        for disk in self.disks:
            commands.append(f"scsi disk {disk.name} {self._backing(disk)} {disk.size} {disk.serial or '-'}")
        for host in self.hosts:
            commands.append(f"scsi host {host} {' '.join(disk.name for disk in self._units(host))}")
        self.run("\n".join([*commands, "udevadm settle"]))

    def _units(self, host):
        return [disk for disk in self.disks if host in disk.hosts]

    @staticmethod
    def image_device(number):
        return "/dev/ubd" + chr(ord("b") + number)

    def devices(self, disk):
        """Its device nodes, one for each path: ["/dev/sdb", "/dev/sdd"]."""
        addresses = [f"{self.hosts.index(host)}:0:1:{self._units(host).index(disk)}" for host in disk.hosts]
        names = self.run(
            "; ".join(f"ls /sys/class/scsi_device/{address}/device/block" for address in addresses)).split()
        return [f"/dev/{name}" for name in names]

    def lose_path(self, disk, host):
        """Every command to the disk through this SCSI host fails from now on; and to whatever else hangs on it."""
        assert host in disk.hosts
        self.run(f"scsi offline {host}")

    def return_path(self, disk, host):
        assert host in disk.hosts
        self.run(f"scsi online {host}")

    def _start(self):
        for name in ("console.in", "shell.in", "shell.out"):
            path = os.path.join(self.private, name)
            os.mkfifo(path)
            # Open in both directions, so that neither opening nor a peer that is gone blocks or ends anything.
            self._pipes.append(os.open(path, os.O_RDWR))
        with open(self.log, "w") as log:
            self._launch(
                self._arguments(), stdout=log, stderr=log, env=self._environment(), pass_fds=self._pipes)

    def _send(self, data):
        os.write(self._pipes[1], data)

    def _receive(self, seconds):
        readable, _, _ = select.select([self._pipes[2]], [], [], min(seconds, 1))
        if readable:
            return os.read(self._pipes[2], 65536)
        return b"" if self.process.poll() is not None else None

    def _closed(self):
        for pipe in self._pipes:
            os.close(pipe)
        self._pipes = []
