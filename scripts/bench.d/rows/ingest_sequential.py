# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""ingest.sequential and ingest.cpu: a whole disk of new data over TLS to a durable target, with full history.

The target holds zeroes. Ours: the group's first synchronization is of a source of zeroes and is not measured; then the
source holds data that does not compress, and one pass of mt-process-server carries it as a batch, through journal and
before-images, until it is applied. The peer: nbdcopy to nbdkit's file plugin, which keeps no history, over TLS with both
sides authenticated, until its flush has returned. Also the receivers' CPU seconds for each GiB.

ingest.sequential.disk: fio doing what history cannot do without on this volume, and nothing else: reading the source, and
writing the journal and the target.
"""

import peers
from machine import GIB, MIB
from product import Product
from row import Figure, Row


class IngestSequential(Row):
    order = 10
    name = "ingest.sequential"
    figures = (
        Figure("ingest.sequential", "MiB/s", "nbdcopy to nbdkit over TLS, no history", "ratio", "≥", 1.0),
        Figure("ingest.sequential.disk", "MiB/s", "fio: reading one file and writing two at once"),
        Figure("ingest.cpu", "CPU s/GiB", "nbdkit", "ratio", "≤", 0.8),
    )

    def ours(self, bench):
        seconds, cpu = replicate(bench.machine, bench.programs, bench.size)
        rate = bench.size / MIB / seconds
        return {"ingest.sequential": rate, "ingest.sequential.disk": rate, "ingest.cpu": cpu / (bench.size / GIB)}

    def peer(self, bench):
        machine, size = bench.machine, bench.size
        data = machine.random_file("data", size)
        target = machine.zero_file("target", size)
        journal = machine.zero_file("journal", size)
        bare = peers.fio(machine, {"filename": data, "rw": "read", "size": size},
                         {"filename": journal, "rw": "write", "size": size},
                         {"filename": target, "rw": "write", "size": size})
        machine.run("rm", journal)
        machine.cold()
        seconds, cpu = peers.nbdcopy_to_nbdkit(machine, data, target)
        return {"ingest.sequential": size / MIB / seconds, "ingest.sequential.disk": size / MIB / bare,
                "ingest.cpu": cpu / (size / GIB)}


def replicate(machine, programs, size):
    """Seconds and the daemon's CPU seconds for one pass that carries a whole disk."""
    data = machine.random_file("data", size)
    blank = machine.path("blank")
    machine.run("truncate", "--size", size, blank)
    product = Product(machine, programs)
    try:
        target = machine.zero_file("target", size)
        product.start()
        product.protect(target, size)
        product.put_source(blank)
        product.replicate()
        product.put_source(data)
        machine.cold()
        before = product.cpu_seconds()
        seconds = product.replicate()
        cpu = product.cpu_seconds() - before
    finally:
        product.remove()
    machine.run("cmp", data, target)
    return seconds, cpu
