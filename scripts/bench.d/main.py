# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Measures ours against peers and limits, in one run on the same machine and files: interleaved rounds, medians."""

import argparse
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
sys.dont_write_bytecode = True

from machine import Machine, median, parse_size  # noqa: E402
from product import DEFAULT_PROGRAMS, Missing  # noqa: E402
from row import LIMIT, Row  # noqa: E402


class Bench:
    """What a row is given: the machine, where our programs are, and how much data to move."""

    def __init__(self, machine, programs, size):
        self.machine, self.programs, self.wanted_size = machine, programs, size
        self.size = size

    def for_row(self, row):
        self.size = self.wanted_size or row.default_size
        return self


def all_rows():
    rows = []
    for module in pkgutil.iter_modules([os.path.join(FOLDER, "rows")]):
        loaded = importlib.import_module(f"rows.{module.name}")
        rows += [kind() for kind in vars(loaded).values()
                 if isinstance(kind, type) and issubclass(kind, Row) and kind.__module__ == loaded.__name__]
    return sorted(rows, key=lambda row: row.order)


def measure(row, bench, rounds, sides):
    """Gives for each figure the values of ours and of the peer."""
    values = {figure.name: ([], []) for figure in row.figures}
    try:
        row.prepare(bench)
        for number in range(rounds):
            order = sides if number % 2 == 0 else list(reversed(sides))
            for side in order:
                print(f"   {row.name}: round {number + 1} of {rounds}, {side} …", file=sys.stderr, flush=True)
                bench.machine.cold()
                measured = row.ours(bench) if side == "ours" else row.peer(bench)
                for name, value in measured.items():
                    values[name][0 if side == "ours" else 1].append(value)
    finally:
        row.finish(bench)
    return values


def results_of(row, values):
    """The results, in the order and with the keys of the JSON output, each with its figure."""
    for figure in row.figures:
        ours, peer = (median(side) if side else None for side in values[figure.name])
        if ours is None and peer is None:
            continue
        if figure.peer_name == LIMIT and figure.what == "ours":
            peer = figure.number
        yield figure, {"name": figure.name, "unit": figure.unit, "ours": ours, "peer": peer,
                       "peer_name": figure.peer_name, "ratio": ours / peer if ours is not None and peer else None}


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.4f}"


def show(results):
    table = [("figure", "unit", "ours", "peer", "ratio", "wanted", "", "peer is")]
    for figure, result in results:
        met = {True: "met", False: "not met", None: ""}[figure.is_met(result["ours"], result["ratio"])]
        table.append((result["name"], result["unit"], number(result["ours"]), number(result["peer"]),
                      number(result["ratio"]), figure.wanted(), met, result["peer_name"] or ""))
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        print("  ".join(cell.rjust(width) if 2 <= column <= 4 else cell.ljust(width)
                        for column, (cell, width) in enumerate(zip(line, widths))).rstrip())


def about_this_machine():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=FOLDER, capture_output=True, text=True)
    return {"cpu": models[0] if models else "unknown", "cores": os.cpu_count(), "kernel": os.uname().release,
            "load": os.getloadavg()[0], "commit": commit.stdout.strip()}


def main():
    rows = all_rows()
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, epilog="Figures: " + ", ".join(
        figure.name for row in rows for figure in row.figures))
    parser.add_argument("--only", action="append", metavar="NAME", help="the rows with a figure that begins so; repeatable")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the median counts (3)")
    parser.add_argument("--size", type=parse_size, help="bytes to move, 1GiB for instance, instead of each row's own")
    parser.add_argument("--json", metavar="FILE", help="write the result there as a list of objects")
    parser.add_argument("--folder", help="where the files go: the volume that is measured (default: $TMPDIR or /tmp)")
    parser.add_argument("--programs", default=DEFAULT_PROGRAMS, help="where our programs are (.build/release)")
    parser.add_argument("--side", choices=["both", "ours", "peer"], default="both", help="measure one side only")
    parser.add_argument("--keep", action="store_true", help="leave the files behind")
    options = parser.parse_args()
    if options.only:
        rows = [row for row in rows if any(row.answers_to(name) for name in options.only)]
        if not rows:
            parser.error(f"no figure begins with {', '.join(options.only)}")
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    sides = ["ours", "peer"] if options.side == "both" else [options.side]

    machine_facts = about_this_machine()
    print(f"{machine_facts['cores']} × {machine_facts['cpu']}, Linux {machine_facts['kernel']}, "
          f"load {machine_facts['load']:.1f}, {options.rounds} rounds")
    if machine_facts["load"] > machine_facts["cores"] / 2:
        print("Something else keeps this machine busy: the figures will be too low and will vary.")
    results, problems = [], []
    machine = Machine(options.folder, options.keep)
    bench = Bench(machine, options.programs, options.size)
    try:
        for row in rows:
            try:
                values = measure(row, bench.for_row(row), options.rounds, sides)
                results += results_of(row, values)
            except Missing as missing:
                print(f"{row.name}: not measured: {missing}")
            except (RuntimeError, OSError, KeyError, ValueError) as problem:
                problems.append(row.name)
                print(f"{row.name}: failed: {type(problem).__name__}: {problem}")
    finally:
        machine.close()
        if options.json:
            with open(options.json, "w") as file:
                json.dump([result for _, result in results], file, indent=2, ensure_ascii=False)
                file.write("\n")
    print()
    show(results)
    return 1 if problems else 0


if __name__ == "__main__":
    # Ended from outside, it still stops what it started and removes its files.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
