# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""QEMU with the distribution's kernel: VMware's own SCSI controller, hot plug, cold boots. It starts in 20 seconds."""

import json
import os
import select
import socket
import time

from guest import Guest, GuestError

KERNEL = ("console=ttyS0 quiet loglevel=4 mitigations=off nokaslr no_timer_check tsc=reliable audit=0 apparmor=0 "
          "random.trust_cpu=on rcupdate.rcu_expedited=1 cryptomgr.notests test.shell=/dev/ttyS1 "
          "test.share=/host=9p:host test.share=/programs=9p:programs")


class Qemu(Guest):
    """Each of a disk's hosts is a controller of its own; a disk's SCSI id is its place in the list."""

    name = "qemu"

    def __init__(self, image, programs, disks=(), images=(), systemd=True, memory_mib=1024, **options):
        super().__init__(image, programs, **options)
        self.disks = list(disks)
        self.images = list(images)
        self.memory_mib = memory_mib
        self._shell = self._monitor = self._answers = None

    def _arguments(self):
        root = {"driver": "raw", "node-name": "root", "read-only": True,
                "file": {"driver": "file", "filename": self.image.root, "locking": "off"}}
        arguments = [
            "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1",
            "-m", str(self.memory_mib), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", self.image.kernel, "-initrd", self.image.initrd, "-append", KERNEL,
            "-chardev", f"file,id=console,path={self.log}", "-serial", "chardev:console",
            "-chardev", f"socket,id=shell,path={self.private}/shell,server=on,wait=off", "-serial", "chardev:shell",
            "-chardev", f"socket,id=monitor,path={self.private}/monitor,server=on,wait=off",
            "-mon", "chardev=monitor,mode=control",
            "-blockdev", json.dumps(root), "-device", "virtio-blk-pci,drive=root",
        ]
        for number, path in enumerate(self.images):
            node = {"driver": "raw", "node-name": f"image{number}", "file": {"driver": "file", "filename": path}}
            arguments += ["-blockdev", json.dumps(node), "-device", f"virtio-blk-pci,drive=image{number}"]
        for tag, folder in (("host", self.folder), ("programs", self.programs)):
            arguments += ["-fsdev", f"local,id={tag},path={folder},security_model=none",
                          "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
        for host in sorted({host for disk in self.disks for host in disk.hosts}):
            arguments += ["-device", f"pvscsi,id=host{host}"]
        for number, disk in enumerate(self.disks):
            for host in disk.hosts:
                arguments += ["-blockdev", json.dumps(self._node(disk, host)),
                              "-device", json.dumps(self._device(number, disk, host))]
        return arguments

    @staticmethod
    def _node(disk, host):
        # Two nodes on one file are two paths to one disk; neither may keep anything for itself.
        return {"driver": "raw", "node-name": f"{disk.name}-{host}", "cache": {"direct": True, "no-flush": False},
                "file": {"driver": "file", "filename": disk.path, "aio": "threads", "locking": "off"}}

    @staticmethod
    def _device(number, disk, host):
        device = {"driver": "scsi-hd", "id": f"{disk.name}-{host}-device", "drive": f"{disk.name}-{host}",
                  "bus": f"host{host}.0", "scsi-id": number, "vendor": "VMware", "product": "Virtual_disk",
                  "share-rw": True}
        if disk.serial:
            # A number of 64 bits: QEMU's JSON takes it as it stands.
            device |= {"wwn": disk.world_wide_name(), "serial": disk.serial[:20]}
        return device

    def start(self, timeout=180):
        super().start(timeout)
        self.run("udevadm settle --timeout 90", 100)
        return self

    def _start(self):
        errors = os.path.join(self.private, "errors")
        with open(errors, "w") as log:
            self._launch(self._arguments(), stdout=log, stderr=log)
        try:
            self._shell = self._connect("shell")
            self._monitor = self._connect("monitor")
            self._answers = self._monitor.makefile("r")
            self._answers.readline()
            self.monitor("qmp_capabilities")
        except OSError as error:
            with open(errors) as file:
                raise GuestError(f"QEMU did not start: {file.read()[-2000:]}") from error

    def _connect(self, name):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(os.path.join(self.private, name))
                return connection
            except OSError:
                connection.close()
                time.sleep(0.05)
        raise ConnectionError(f"{name} does not answer")

    def monitor(self, command, **arguments):
        """A command of QEMU's machine protocol (QMP)."""
        request = {"execute": command, "arguments": arguments}
        self._monitor.sendall(json.dumps(request).encode() + b"\n")
        while True:
            answer = json.loads(self._answers.readline())
            if "error" in answer:
                raise GuestError(f"QEMU refused {command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    @staticmethod
    def image_device(number):
        return "/dev/vd" + chr(ord("b") + number)

    def devices(self, disk):
        number = self.disks.index(disk)
        names = self.run(f"ls -d /sys/class/scsi_disk/*:0:{number}:0/device/block/*").split()
        return ["/dev/" + os.path.basename(name) for name in names]

    def lose_path(self, disk, host):
        """Takes the path's device away, as a disk that is pulled."""
        self.monitor("device_del", id=f"{disk.name}-{host}-device")

    def return_path(self, disk, host, seconds=60):
        """Plugs it in again, once the guest has let go of the one that was taken away."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.monitor("device_add", **self._device(self.disks.index(disk), disk, host))
            except GuestError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _send(self, data):
        self._shell.sendall(data)

    def _receive(self, seconds):
        readable, _, _ = select.select([self._shell], [], [], min(seconds, 1))
        return self._shell.recv(65536) if readable else None

    def _closed(self):
        for connection in (self._answers, self._monitor, self._shell):
            if connection:
                connection.close()
        self._shell = self._monitor = self._answers = None
