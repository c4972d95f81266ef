# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""ack.latency: from handing over a batch of one write to its durable acknowledgement, with one writer and with 32.

    mt-load ack-latency --folder DIR --size BYTES --writers N --seconds S

makes a group in DIR/retention with the target DIR/target, and keeps N batches of one write of BYTES at random places on
their way: the next one goes as soon as `durable` covers one of them. Prints

    {"acknowledged": 12345, "seconds": 5.0, "p50Nanoseconds": 250000, "p99Nanoseconds": 900000}

The peer is write plus fdatasync of the same size on the same volume, one after the other.
"""

import peers
from machine import GIB, KIB, percentile
from product import load_program
from row import Figure, Row

SIZES = ((4 * KIB, "4k"), (64 * KIB, "64k"))
SECONDS = 5


class AckLatency(Row):
    order = 40
    name = "ack.latency"
    figures = tuple(
        figure for _, size in SIZES for figure in (
            Figure(f"ack.latency.{size}.p50", "µs", "write + fdatasync", "ratio", "≤", 2.5),
            Figure(f"ack.latency.{size}.p99", "µs", "write + fdatasync"),
            Figure(f"ack.rate.{size}.32-writers", "1/s", "ours with one writer", "ratio", "≥", 8.0),
        ))

    def prepare(self, bench):
        self.rates_of_one = {}

    def ours(self, bench):
        found = {}
        for size, name in SIZES:
            one, many = (self._load(bench, size, writers) for writers in (1, 32))
            found[f"ack.latency.{name}.p50"] = one["p50Nanoseconds"] / 1000
            found[f"ack.latency.{name}.p99"] = one["p99Nanoseconds"] / 1000
            found[f"ack.rate.{name}.32-writers"] = many["acknowledged"] / many["seconds"]
            self.rates_of_one[name] = one["acknowledged"] / one["seconds"]
        return found

    def _load(self, bench, size, writers):
        program = load_program(bench.programs)
        folder = bench.machine.empty_folder("ack")
        bench.machine.zero_file("ack/target", GIB)
        bench.machine.cold()
        try:
            return bench.machine.run_json(
                program, "ack-latency", "--folder", folder, "--size", size, "--writers", writers, "--seconds", SECONDS)
        finally:
            bench.machine.run("rm", "-rf", folder)

    def peer(self, bench):
        found = {}
        for size, name in SIZES:
            latencies = peers.synced_writes(bench.machine, size)
            found[f"ack.latency.{name}.p50"] = percentile(latencies, 50) / 1000
            found[f"ack.latency.{name}.p99"] = percentile(latencies, 99) / 1000
            if name in self.rates_of_one:
                found[f"ack.rate.{name}.32-writers"] = self.rates_of_one[name]
        return found
