# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""What a row of the benchmark is."""

from machine import GIB

# Stands in for a peer where a figure is held against a number: the peer's value is that number.
LIMIT = "the limit"


class Figure:
    """One line of the result. `wanted` is a comparison: what of (`ratio` or `ours`), how, with which number."""

    def __init__(self, name, unit, peer_name=None, what=None, how=None, number=None):
        self.name, self.unit, self.peer_name = name, unit, peer_name
        self.what, self.how, self.number = what, how, number

    def wanted(self):
        if self.what is None:
            return ""
        return f"{self.what} {self.how} {self.number:g}"

    def is_met(self, ours, ratio):
        value = ratio if self.what == "ratio" else ours
        if self.what is None or value is None:
            return None
        return {"≥": value >= self.number, "≤": value <= self.number, "<": value < self.number}[self.how]


class Row:
    """One file in `rows/` holds one subclass. `ours` and `peer` are called in turn, as often as there are rounds.

    Both give a dictionary from a figure's name to its value; a figure that only one of them gives has no ratio. Whatever is prepared for a measurement is prepared outside the time it takes.
    """

    name = ""
    figures = ()
    default_size = 4 * GIB

    def answers_to(self, name):
        return any(candidate.startswith(name) for candidate in (self.name, *(figure.name for figure in self.figures)))

    def prepare(self, bench):
        """Once, before the first round."""

    def ours(self, bench):
        return {}

    def peer(self, bench):
        return {}

    def finish(self, bench):
        """Once, after the last round, also when one failed."""
