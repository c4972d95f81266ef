# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""resync.scan: a whole disk compared by digest, of which one part in a hundred has changed, and the changes sent.

Ours: the process server has lost what it knew, so its pass asks for a resync. The peers: rsync in place with its own
delta on the same two files; SHA-256 at memory speed on one core, the limit of a scan that would use it; and fio reading
both files at once, the limit of any scan on this volume. On a volume where that limit is near, it hides what the programs
can do: resync.scan.memory is the same with both files in memory.
"""

import os
import random

import peers
from machine import GIB, KIB, MIB, Machine
from product import Product
from row import Figure, Row

BLOCK = 64 * KIB


class ResyncScan(Row):
    order = 60
    name = "resync.scan"
    default_size = 8 * GIB
    figures = (
        Figure("resync.scan", "MiB/s", "rsync --inplace --no-whole-file", "ratio", "≥", 5.0),
        Figure("resync.scan.sha256", "MiB/s", "SHA-256 on one core, in memory"),
        Figure("resync.scan.disk", "MiB/s", "fio: reading both files at once"),
    )

    def ours(self, bench):
        rate = scan(bench.machine, bench.programs, bench.size)
        return {figure.name: rate for figure in self.figures}

    def peer(self, bench):
        machine, size = bench.machine, bench.size
        source, target = changed_copies(machine, size)
        bare = peers.fio(machine, {"filename": source, "rw": "read", "size": size},
                         {"filename": target, "rw": "read", "size": size})
        machine.cold()
        seconds = peers.rsync_in_place(machine, source, target)
        return {"resync.scan": size / MIB / seconds,
                "resync.scan.sha256": peers.sha256_bytes_a_second(machine) / MIB,
                "resync.scan.disk": size / MIB / bare}


class ResyncScanInMemory(Row):
    order = 61
    name = "resync.scan.memory"
    default_size = 2 * GIB
    figures = (Figure("resync.scan.memory", "MiB/s", "rsync --inplace --no-whole-file, both files in memory", "ratio", "≥", 5.0),)

    def prepare(self, bench):
        self.memory = Machine("/dev/shm")

    def ours(self, bench):
        return {"resync.scan.memory": scan(self.memory, bench.programs, bench.size)}

    def peer(self, bench):
        source, target = changed_copies(self.memory, bench.size)
        return {"resync.scan.memory": bench.size / MIB / peers.rsync_in_place(self.memory, source, target)}

    def finish(self, bench):
        self.memory.close()


def change(machine, path, size):
    """Overwrites a hundredth of the file, in blocks scattered over it."""
    blocks = max(1, size // BLOCK // 100)
    chosen = random.Random(1).sample(range(size // BLOCK), blocks)
    with open(path, "r+b") as file, open(machine.random_file("changes", blocks * BLOCK, seed=9), "rb") as fresh:
        for block in sorted(chosen):
            file.seek(block * BLOCK)
            file.write(fresh.read(BLOCK))
        file.flush()
        os.fsync(file.fileno())


def copy(machine, size):
    source = machine.path("changing-source")
    machine.run("cp", machine.random_file("data", size), source)
    return source


def changed_copies(machine, size):
    """Two files of which a hundredth differs."""
    source, target = copy(machine, size), machine.path("target")
    machine.run("cp", source, target)
    change(machine, source, size)
    machine.cold()
    return source, target


def scan(machine, programs, size):
    """MiB a second of a resync by digest with our programs."""
    source = copy(machine, size)
    product = Product(machine, programs)
    try:
        target = machine.zero_file("target", size)
        product.start()
        product.protect(target, size)
        product.put_source(source)
        product.replicate()
        change(machine, source, size)
        product.forget_sender()
        machine.cold()
        seconds = product.replicate()
    finally:
        product.remove()
    machine.run("cmp", source, target)
    return size / MIB / seconds
