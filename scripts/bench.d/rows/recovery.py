# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""recover.latest and recover.rewind: how long until the target disk shows a point.

recover.latest: right after load, once what was durable is applied; the wanted second is without that drain.
recover.rewind: back to a bookmark over three passes of the process server, each of which changed the same quarter of the
disk. The peer is fio streaming as many bytes as differ: reading them from one file and writing them to another, at once.
"""

import peers
from machine import GIB, MIB
from product import Product
from row import LIMIT, Figure, Row

PASSES = 3


class Recovery(Row):
    order = 70
    name = "recover"
    default_size = 8 * GIB
    figures = (
        Figure("recover.latest", "s", LIMIT, "ours", "<", 1.0),
        Figure("recover.rewind", "MiB/s", "fio: read and write the changed bytes", "ratio", "≥", 0.5),
    )

    def _changed(self, bench):
        return bench.size // 4

    def ours(self, bench):
        machine, size, changed = bench.machine, bench.size, self._changed(bench)
        original = machine.random_file("data", size)
        source = machine.path("changing-source")
        machine.run("cp", original, source)
        product = Product(machine, bench.programs)
        try:
            target = machine.zero_file("target", size)
            product.start()
            product.protect(target, size)
            product.put_source(source)
            product.replicate()
            product.bookmark("before")
            for number in range(PASSES):
                fresh = machine.random_file(f"change-{number}", changed, seed=10 + number)
                machine.run("dd", f"if={fresh}", f"of={source}", "bs=4M", "conv=notrunc,fsync", "status=none")
                product.replicate()
                product.bookmark(f"after-{number}")
            latest = product.recover("latest")
            machine.run("cmp", source, target)
            machine.cold()
            seconds = product.recover("before")
        finally:
            product.remove()
        machine.run("cmp", original, target)
        return {"recover.latest": latest, "recover.rewind": changed / MIB / seconds}

    def peer(self, bench):
        machine, changed = bench.machine, self._changed(bench)
        images = machine.random_file("change-0", changed, seed=10)
        target = machine.zero_file("target", changed)
        machine.cold()
        seconds = peers.fio(machine, {"filename": images, "rw": "read", "size": changed},
                            {"filename": target, "rw": "write", "size": changed})
        return {"recover.rewind": changed / MIB / seconds}
