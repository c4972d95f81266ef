# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""memory: the highest resident size with one group and with 64 groups under load.

    mt-load memory --folder DIR --groups N --seconds S

makes N groups in one process, with the targets DIR/target-0 and so on, shares the daemon's default ceiling of 256 MiB among
them as the daemon does, and appends writes of 64 KiB to all of them as fast as credit allows. Prints

    {"sourceBytes": 1, "seconds": 10.0}

The resident size is the kernel's account of the process. The limit is 256 MiB, and 2 MiB for each group.
"""

from machine import KIB, MIB
from product import load_program
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
