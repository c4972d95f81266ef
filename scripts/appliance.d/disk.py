# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""A virtual disk: a file of the host, and what the guest's SCSI layer is to see of it."""

import os

MIB = 1 << 20


class Disk:
    """`serial` is 32 hexadecimal digits, as of a virtual disk of VMware, or None for a disk without any identity, as
    when disk.EnableUUID is not set. Two disks with one serial are clones. `hosts` are the numbers of the SCSI hosts
    that it hangs on: two hosts are two paths. A `volatile` disk has a write cache that a power cut empties; without it
    every write is on the medium when it is answered.
    """

    def __init__(self, folder, name, mib, serial=None, hosts=(1,), volatile=False):
        self.name = name
        self.serial = serial
        self.hosts = tuple(hosts)
        self.volatile = volatile
        self.size = mib * MIB
        self.path = os.path.join(folder, name + ".disk")
        if not os.path.exists(self.path):
            with open(self.path, "wb") as file:
                file.truncate(self.size)

    def wwid(self, bed):
        """The identity as scsi_id prints it: NAA 6 (type 3) from LIO, NAA 5 from QEMU, each made of the serial."""
        if self.serial is None:
            return None
        return f"36000c29{self.serial[:25]}" if bed == "uml" else f"3{self.world_wide_name():x}"

    def world_wide_name(self):
        """For QEMU, whose disks have 64 bits of it: NAA 5 with VMware's company id."""
        return int(f"5000c29{self.serial[:9]}", 16)

    def write(self, offset, data):
        """Puts data on the disk while no guest has it."""
        with open(self.path, "r+b") as file:
            file.seek(offset)
            file.write(data)

    def read(self, offset, length):
        """What is on it once the power is gone."""
        with open(self.path, "rb") as file:
            file.seek(offset)
            return file.read(length)
