# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""What the guests boot, made once and kept until something that it is made of changes."""

import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# What has to be on the host; scripts/setup --appliance installs it.
PROGRAMS = ("linux.uml", "mmdebstrap", "mke2fs", "modprobe", "cpio", "dpkg-deb", "qemu-system-x86_64", "strip")
# The size of the extended processor state that User Mode Linux 6.1 was built for, in bytes.
UML_STATE = 2696


class ImageError(Exception):
    """The image cannot be made here; the sentence says what is missing."""


class Image:
    """The root filesystem, kernel and initrd in `folder`; `work` is where guests keep their private files."""

    def __init__(self, folder):
        self.folder = folder
        self.work = os.path.join(folder, "work")
        self.root = os.path.join(folder, "root.ext4")
        self.kernel = os.path.join(folder, "vmlinux")
        self.initrd = os.path.join(folder, "initrd.img")
        self.processor_shim = None

    def prepare(self, say=print):
        """Makes what is missing or out of date."""
        if os.uname().machine != "x86_64":
            raise ImageError("The appliance test needs an x86-64 machine: User Mode Linux runs on no other.")
        if os.geteuid() != 0:
            raise ImageError("The appliance test makes a root filesystem and needs root: run it with sudo.")
        missing = [program for program in PROGRAMS if not shutil.which(program)]
        if missing:
            raise ImageError(f"Not installed: {', '.join(missing)}. Install with scripts/setup --appliance (Debian).")
        os.makedirs(self.work, exist_ok=True)
        with open(os.path.join(self.folder, "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._make(say)
        self._make_shim()

    def _make(self, say):
        stamp = os.path.join(self.folder, "made-of")
        wanted = self._ingredients()
        if os.path.exists(stamp) and open(stamp).read() == wanted and os.path.exists(self.root):
            return
        say("Making the appliance's image, which takes about a minute and is kept …")
        began = time.monotonic()
        result = subprocess.run(
            [os.path.join(HERE, "make-image"), self.folder], capture_output=True, text=True, timeout=900)
        if result.returncode != 0:
            raise ImageError(f"The image could not be made:\n{result.stderr[-3000:]}")
        with open(stamp, "w") as file:
            file.write(wanted)
        say(f"The image is in {self.folder}; it took {time.monotonic() - began:.0f} s.")

    @staticmethod
    def _ingredients():
        """A digest of everything in the tree, and of the kernel, that the image is made of."""
        digest = hashlib.sha256()
        for path in sorted([*glob.glob(HERE + "/guest/*"), HERE + "/make-image", HERE + "/unpack_kernel.py"]):
            with open(path, "rb") as file:
                digest.update(os.path.basename(path).encode() + b"\0" + file.read())
        digest.update(repr(sorted(os.listdir("/usr/lib/uml/modules"))).encode())
        return digest.hexdigest() + "\n"

    def _make_shim(self):
        """On processors with a larger state than User Mode Linux knows (AMX), what makes it start; see the source."""
        with open("/proc/cpuinfo") as file:
            if " amx_tile" not in file.read():
                return
        if not shutil.which("cc"):
            raise ImageError(f"This processor's state is larger than the {UML_STATE} bytes that User Mode Linux knows, "
                             "and no C compiler is here to make what helps: apt-get install gcc libc6-dev.")
        self.processor_shim = os.path.join(self.folder, "processor-state.so")
        subprocess.run(
            ["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", self.processor_shim, HERE + "/processor-state.c", "-ldl"],
            check=True)
