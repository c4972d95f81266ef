# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""memory: the highest resident size with one group and with 64 groups under load.

    mt-load memory --folder DIR --groups N --seconds S

makes N groups in one process, with the targets DIR/target-0 and so on, shares the daemon's default ceiling of 256 MiB among
them as the daemon does, and appends writes of 64 KiB to all of them as fast as credit allows. Prints

    {"sourceBytes": 1, "seconds": 10.0}

The resident size is the kernel's account of the process. The limit is 256 MiB, and 2 MiB for each group.

memory.daemon: mastertargetd itself with as many groups, each with a process server of its own; all send at the same time,
over TLS: a first copy, and then other data over all of it, through journal and before-images.
"""

from machine import GIB, KIB, MIB
from product import Product, load_program
from row import Figure, Row

COUNTS = (1, 64)
SECONDS = 10


class Memory(Row):
    order = 90
    name = "memory"
    figures = tuple(Figure(f"memory.{count}-groups", "MiB", "the limit", "ratio", "≤", 1.0) for count in COUNTS)

    def ours(self, bench):
        machine, program = bench.machine, load_program(bench.programs)
        found = {}
        for count in COUNTS:
            folder = machine.empty_folder("memory")
            for number in range(count):
                machine.run("truncate", "--size", 256 * MIB, f"{folder}/target-{number}")
            try:
                _, usage = machine.run_counted(
                    program, "memory", "--folder", folder, "--groups", count, "--seconds", SECONDS)
            finally:
                machine.run("rm", "-rf", folder)
            found[f"memory.{count}-groups"] = usage.ru_maxrss * KIB / MIB
        return found

    def peer(self, bench):
        return {f"memory.{count}-groups": 256 + 2 * count for count in COUNTS}


class DaemonMemory(Row):
    order = 91
    name = "memory.daemon"
    default_size = 2 * GIB
    figures = tuple(Figure(f"memory.daemon.{count}-groups", "MiB", "the limit", "ratio", "≤", 1.0) for count in COUNTS)

    def ours(self, bench):
        return {f"memory.daemon.{count}-groups": self._peak(bench, count) for count in COUNTS}

    def _peak(self, bench, count):
        machine, size = bench.machine, bench.size // 64
        contents = [machine.random_file(f"memory-data-{seed}", size, seed=seed) for seed in (1, 2)]
        product = Product(machine, bench.programs)
        try:
            product.start()
            groups = [f"g{number}" for number in range(count)]
            for group in groups:
                product.protect(machine.zero_file(f"targets/{group}", size), size, group=group)
            for content in contents:
                senders = [product.send(group, content) for group in groups]
                for group, sender in zip(groups, senders):
                    if sender.wait(300) != 0:
                        raise RuntimeError(f"the process server of group {group} failed; see {group}.log")
            return machine.resident_bytes(product.daemon.pid, "VmHWM") / MIB
        finally:
            product.remove()
            machine.run("rm", "-rf", machine.path("targets"))

    def peer(self, bench):
        return {f"memory.daemon.{count}-groups": 256 + 2 * count for count in COUNTS}
