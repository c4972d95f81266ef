#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Holds what Prometheus and Grafana are given against what a program really tells.

usage: check.py [--promtool PROGRAM] PREFIX EXPOSITION

EXPOSITION is what a running program answered to GET /metrics; PREFIX is what the names of its metrics begin with
(`mastertarget_site_`, or `mastertarget_` for the rest). Looked at are packaging/monitoring/prometheus/*.yml and
packaging/monitoring/grafana/*.json: every metric with that prefix in them has to be in the exposition, with the labels
that it is asked for; each alert has a test in which it fires and one in which it does not. With promtool: check metrics,
check rules, test rules, check config. Prints one line for each finding and exits 1 when there is any.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "packaging" / "monitoring"
RULES = FOLDER / "prometheus" / "master-target.rules.yml"
TESTS = FOLDER / "prometheus" / "master-target.rules.test.yml"
SCRAPE = FOLDER / "prometheus" / "scrape.yml"
SITE = "mastertarget_site_"
METRIC = re.compile(r"\b((?:mastertarget|process)_[a-z0-9_]+)(?:\{([^}]*)\})?")
SERIES = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$")
LABEL = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')
# What Prometheus adds to every series, and recording adds to none.
ADDED = {"job", "instance"}


def exposition(path):
    """Names of all metrics, histograms by those of their series, and the labels that each has."""
    labels, kinds = {}, {}
    for line in Path(path).read_text(encoding="utf-8").split("\n"):
        words = line.split(" ")
        if words[0:2] == ["#", "TYPE"]:
            kinds[words[2]] = words[3]
            names = [words[2]] if words[3] != "histogram" else [words[2] + end for end in ("_bucket", "_sum", "_count")]
            for name in names:
                labels.setdefault(name, set())
        elif line and not line.startswith("#"):
            match = SERIES.match(line)
            if not match or match.group(1) not in labels:
                yield f"exposition: a line that belongs to no metric: {line}"
                continue
            labels[match.group(1)] |= set(LABEL.findall(match.group(2) or ""))
    if not kinds:
        yield "exposition: there is no metric in it"
    yield labels


def expressions():
    """Every text in which metrics are asked for, with where it is."""
    is_text = False
    for number, line in enumerate(RULES.read_text(encoding="utf-8").split("\n"), 1):
        # Annotations are the last of a rule.
        is_text = line.strip() == "annotations:" or (is_text and "- alert:" not in line)
        if not is_text and not line.lstrip().startswith("#"):
            yield f"{RULES.name}:{number}", line
    for path in sorted((FOLDER / "grafana").glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in panels(board):
            for target in panel.get("targets", []):
                yield f"{path.name}: {panel.get('title')}", target["expr"]
        for variable in board.get("templating", {}).get("list", []):
            query = variable.get("query", "")
            yield f"{path.name}: ${variable['name']}", query if isinstance(query, str) else query.get("query", "")


def panels(board):
    for panel in board.get("panels", []):
        yield panel
        yield from panels(panel)


def names(prefix, known):
    asked = 0
    for place, text in expressions():
        for name, matchers in METRIC.findall(text):
            if not name.startswith(prefix) or (prefix != SITE and name.startswith(SITE)):
                continue
            asked += 1
            if name not in known:
                yield f"{place}: no program tells {name}"
            elif known[name]:
                for label in set(LABEL.findall(matchers)) - known[name] - ADDED:
                    yield f"{place}: {name} has no label {label}"
    if asked == 0:
        yield f"neither rules nor dashboards ask for a metric that begins with {prefix}"


def boards():
    for path in sorted((FOLDER / "grafana").glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        ids = [panel["id"] for panel in panels(board)]
        if len(ids) != len(set(ids)):
            yield f"{path.name}: two panels have one id"
        for key in ("title", "uid", "schemaVersion", "panels", "templating"):
            if key not in board:
                yield f"{path.name}: a dashboard has {key}"
        for panel in panels(board):
            place = f"{path.name}: {panel.get('title')}"
            if panel["type"] == "row":
                continue
            if not panel.get("description"):
                yield f"{place}: a panel says what it shows, and when to worry"
            if not panel.get("targets"):
                yield f"{place}: a panel shows something"
            right = panel["gridPos"]["x"] + panel["gridPos"]["w"]
            if right > 24:
                yield f"{place}: it reaches over the right edge, to column {right} of 24"


def alerts():
    rules = RULES.read_text(encoding="utf-8")
    wanted = re.findall(r"^\s*- alert: (\w+)$", rules, re.M)
    for alert in re.split(r"^\s*- alert: ", rules, flags=re.M)[1:]:
        for part in ("summary:", "description:", "severity:"):
            if part not in alert:
                yield f"{RULES.name}: {alert.split()[0]} has no {part[:-1]}"
    cases = re.findall(r"alertname: (\w+)\n\s*exp_alerts:( \[\])?", TESTS.read_text(encoding="utf-8"))
    for name in wanted:
        quiet = {case[1] != "" for case in cases if case[0] == name}
        if False not in quiet:
            yield f"{TESTS.name}: {name} never fires"
        if True not in quiet:
            yield f"{TESTS.name}: {name} fires in every case"
    for name in {case[0] for case in cases} - set(wanted):
        yield f"{TESTS.name}: there is no alert {name}"


def promtool(program, path):
    checks = [
        ("check", "rules", str(RULES)), ("test", "rules", str(TESTS)), ("check", "config", "--syntax-only", str(SCRAPE)),
    ]
    for arguments in checks:
        outcome = subprocess.run([program, *arguments], capture_output=True, text=True)
        if outcome.returncode != 0:
            yield f"promtool {' '.join(arguments[:2])}: {outcome.stdout}{outcome.stderr}"
    with open(path, encoding="utf-8") as file:
        outcome = subprocess.run([program, "check", "metrics"], stdin=file, capture_output=True, text=True)
    if outcome.returncode != 0 or outcome.stderr.strip():
        yield f"promtool check metrics: {outcome.stdout}{outcome.stderr}"


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2][7:])
    parser.add_argument("--promtool")
    parser.add_argument("prefix")
    parser.add_argument("exposition")
    arguments = parser.parse_args()
    *findings, known = exposition(arguments.exposition)
    findings += [*names(arguments.prefix, known), *boards(), *alerts()]
    if arguments.promtool:
        findings += promtool(arguments.promtool, arguments.exposition)
    print("\n".join(findings))
    checked = "with promtool" if arguments.promtool else "without promtool"
    print(f"{len(known)} series, {len(findings)} findings, {checked}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
