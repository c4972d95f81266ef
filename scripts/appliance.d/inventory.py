# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Looking things up in mtctl's JSON without knowing its shape: a record is an object that names a device."""

import json


def _values(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from _values(item)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item)
    else:
        yield value


def records(report):
    """Every object in a report, the innermost last."""
    if isinstance(report, dict):
        yield report
        for item in report.values():
            yield from records(item)
    elif isinstance(report, list):
        for item in report:
            yield from records(item)


def about(report, *names):
    """The smallest object that holds one of these texts as a value; None when there is none."""
    found = [record for record in records(report) if any(value in names for value in _values(record))]
    return min(found, key=lambda record: len(json.dumps(record)), default=None)


def about_device(report, device):
    return about(report, device, device.removeprefix("/dev/"))


def text(record):
    return json.dumps(record, ensure_ascii=False) if record is not None else ""


def status_of(report, check):
    """The status of one health check, by its id: the value that is one of the four words."""
    words = {"ok", "warning", "critical", "unknown"}
    return next((value for value in _values(about(report, check) or {}) if value in words), None)
