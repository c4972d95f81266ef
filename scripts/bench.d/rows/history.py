# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""point.open and reopen: what a day's history costs when it is opened.

    mt-load history fill --folder DIR --epochs 288 --extents 1000000
    mt-load history point --folder DIR
    mt-load history tail --folder DIR
    mt-load history open --folder DIR

`fill` makes the history, of writes of 4 KiB scattered over DIR/target of 8 GiB. `point` opens the oldest point, reads its first 4 KiB,
then a hundred at random places, and prints

    {"openSeconds": 0.4, "readSeconds": 0.01}

where `readSeconds` is the mean of the hundred. `tail` makes the file DIR/ready when 64 MiB more are durable, and is killed
then with most of them not applied. `open` opens the store, appends one batch, waits until it is durable, and prints

    {"openSeconds": 0.8, "appendSeconds": 0.01}
"""

import os
import signal

from machine import GIB
from product import load_program
from row import LIMIT, Figure, Row

DISK = 8 * GIB


class History(Row):
    order = 80
    name = "history"
    figures = (
        Figure("point.open", "s", LIMIT, "ours", "<", 1.0),
        Figure("point.read", "s"),
        Figure("reopen", "s", LIMIT, "ours", "<", 2.0),
    )
    folder = None

    def prepare(self, bench):
        machine, self.program = bench.machine, load_program(bench.programs)
        self.folder = machine.empty_folder("history")
        machine.zero_file("history/target", DISK)
        machine.run(self.program, "history", "fill", "--folder", self.folder, "--epochs", 288, "--extents", 1_000_000)

    def ours(self, bench):
        machine, folder, ready = bench.machine, self.folder, f"{self.folder}/ready"
        point = machine.run_json(self.program, "history", "point", "--folder", folder)
        if os.path.exists(ready):
            os.remove(ready)
        tail = machine.start(self.program, "history", "tail", "--folder", folder, log="tail.log")
        machine.wait_until(lambda: os.path.exists(ready) or tail.poll() is not None, "the tail is durable")
        if tail.poll() is not None:
            raise RuntimeError("mt-load history tail ended by itself; see tail.log")
        machine.stop(tail, signal.SIGKILL)
        machine.cold()
        reopened = machine.run_json(self.program, "history", "open", "--folder", folder)
        return {"point.open": point["openSeconds"], "point.read": point["readSeconds"],
                "reopen": reopened["openSeconds"] + reopened["appendSeconds"]}

    def finish(self, bench):
        if self.folder:
            bench.machine.run("rm", "-rf", self.folder)
