# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""random.overwrite: what all volumes read and write for each byte that the source writes.

    mt-load random-overwrite --folder DIR --write-size 16384 --epochs 3 --bytes-an-epoch BYTES --seed S

makes a group in DIR/retention with the target DIR/target, which is full of other data, appends writes at places of a Zipf
distribution, ends an epoch after each BYTES, and drains. Prints

    {"sourceBytes": 1, "seconds": 12.5}

The volumes' bytes are the kernel's count for that process: journal, undo, target, indexes and everything.
"""

import json

from machine import GIB, KIB, MIB
from product import load_program
from row import LIMIT, Figure, Row

SECTOR = 512


class RandomOverwrite(Row):
    order = 50
    name = "random.overwrite"
    default_size = 8 * GIB
    figures = (
        Figure("random.overwrite", "×", LIMIT, "ours", "≤", 3.0),
        Figure("random.overwrite.rate", "MiB/s"),
    )

    def ours(self, bench):
        machine, program = bench.machine, load_program(bench.programs)
        folder = machine.empty_folder("random")
        machine.random_file("random/target", bench.size)
        machine.cold()
        try:
            output, usage = machine.run_counted(
                program, "random-overwrite", "--folder", folder, "--write-size", 16 * KIB, "--epochs", 3,
                "--bytes-an-epoch", bench.size // 8, "--seed", 1)
        finally:
            machine.run("rm", "-rf", folder)
        found = json.loads(output)
        moved = (usage.ru_inblock + usage.ru_oublock) * SECTOR
        return {"random.overwrite": moved / found["sourceBytes"],
                "random.overwrite.rate": found["sourceBytes"] / MIB / found["seconds"]}
