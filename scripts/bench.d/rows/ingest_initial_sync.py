# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""ingest.initial-sync: the first full copy over TLS; there is no history to keep yet.

Ours: mt-process-server's first pass onto a new group. The peer: nbdcopy to nbdkit, as in ingest.sequential.
"""

import peers
from machine import MIB
from product import Product
from row import Figure, Row


class IngestInitialSync(Row):
    order = 30
    name = "ingest.initial-sync"
    figures = (Figure("ingest.initial-sync", "MiB/s", "nbdcopy to nbdkit over TLS", "ratio", "≥", 1.5),)

    def ours(self, bench):
        machine, size = bench.machine, bench.size
        data = machine.random_file("data", size)
        product = Product(machine, bench.programs)
        try:
            target = machine.zero_file("target", size)
            product.start()
            product.protect(target, size)
            product.put_source(data)
            machine.cold()
            seconds = product.replicate()
        finally:
            product.remove()
        machine.run("cmp", data, target)
        return {"ingest.initial-sync": size / MIB / seconds}

    def peer(self, bench):
        machine, size = bench.machine, bench.size
        data = machine.random_file("data", size)
        target = machine.zero_file("target", size)
        machine.cold()
        seconds, _ = peers.nbdcopy_to_nbdkit(machine, data, target)
        return {"ingest.initial-sync": size / MIB / seconds}
