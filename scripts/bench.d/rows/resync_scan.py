# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""resync.scan: a whole disk compared by digest, of which one part in a hundred has changed, and the changes sent.

Ours: the process server has lost what it knew, so its pass asks for a resync. The peers: rsync in place with its own
delta on the same two files; and SHA-256 at memory speed on one core, the limit of a scan that would use it.
"""

import os
import random

import peers
from machine import GIB, KIB, MIB
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
    )

    def _change(self, path, size, seed):
        """Overwrites a hundredth of the file, in blocks scattered over it."""
        chosen = random.Random(seed).sample(range(size // BLOCK), max(1, size // BLOCK // 100))
        with open(path, "r+b") as file:
            for block in sorted(chosen):
                file.seek(block * BLOCK)
                file.write(os.urandom(BLOCK))
            file.flush()
            os.fsync(file.fileno())

    def _source(self, bench):
        source = bench.machine.path("changing-source")
        bench.machine.run("cp", bench.machine.random_file("data", bench.size), source)
        return source

    def ours(self, bench):
        machine, size = bench.machine, bench.size
        source = self._source(bench)
        product = Product(machine, bench.programs)
        try:
            target = machine.zero_file("target", size)
            product.start()
            product.protect(target, size)
            product.put_source(source)
            product.replicate()
            self._change(source, size, 1)
            product.forget_sender()
            machine.cold()
            seconds = product.replicate()
        finally:
            product.remove()
        machine.run("cmp", source, target)
        rate = size / MIB / seconds
        return {"resync.scan": rate, "resync.scan.sha256": rate}

    def peer(self, bench):
        machine, size = bench.machine, bench.size
        source, target = self._source(bench), machine.path("target")
        machine.run("cp", source, target)
        self._change(source, size, 1)
        machine.cold()
        seconds = peers.rsync_in_place(machine, source, target)
        return {"resync.scan": size / MIB / seconds,
                "resync.scan.sha256": peers.sha256_bytes_a_second(machine) / MIB}
