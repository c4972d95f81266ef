# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""ingest.overwrite: the same onto a target full of other data, so that every before-image is read and kept.

The peer is fio doing the bare input and output of that on the same volume: journal write, target read, undo write and
target write, all at once, without a network. Beside it stands nbdkit, which overwrites and keeps nothing.
"""

import peers
from machine import MIB
from product import Product
from row import Figure, Row


class IngestOverwrite(Row):
    order = 20
    name = "ingest.overwrite"
    figures = (
        Figure("ingest.overwrite", "MiB/s", "fio: journal, read, undo, target", "ratio", "≥", 0.8),
        Figure("ingest.overwrite.nbdkit", "MiB/s", "nbdcopy to nbdkit over TLS, no history"),
    )

    def ours(self, bench):
        machine, size = bench.machine, bench.size
        old, new = machine.random_file("data", size), machine.random_file("other-data", size, seed=2)
        product = Product(machine, bench.programs)
        try:
            target = machine.zero_file("target", size)
            product.start()
            product.protect(target, size)
            product.put_source(old)
            product.replicate()
            product.put_source(new)
            machine.cold()
            seconds = product.replicate()
        finally:
            product.remove()
        machine.run("cmp", new, target)
        rate = size / MIB / seconds
        return {"ingest.overwrite": rate, "ingest.overwrite.nbdkit": rate}

    def peer(self, bench):
        machine, size = bench.machine, bench.size
        old = machine.random_file("data", size)
        target = machine.zero_file("target", size)
        machine.cold()
        bare = peers.io_of_an_overwrite(machine, target, size)
        machine.cold()
        copied, _ = peers.nbdcopy_to_nbdkit(machine, old, target)
        return {"ingest.overwrite": size / MIB / bare, "ingest.overwrite.nbdkit": size / MIB / copied}
