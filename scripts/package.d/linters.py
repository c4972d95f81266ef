# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""What lintian and rpmlint say. Exceptions have their reasons in packaging/deb and packaging/rpm."""

import re
import subprocess

from catalogue import ROOT


class Linters:
    """Debug symbols are left out: there is nothing in them that a linter would know better than the debugger."""

    def __init__(self, count):
        self.count = count

    def look_at(self, paths):
        plain = [path for path in paths if not re.search(r"-dbgsym_|-debuginfo-", path)]
        debs = [path for path in plain if path.endswith(".deb")]
        rpms = [path for path in plain if path.endswith(".rpm")]
        if debs:
            self._lint("lintian", ["lintian", "--fail-on", "error,warning", "--display-info", "--allow-root",
                                   "--tag-display-limit", "0", *debs])
        if rpms:
            self._lint("rpmlint", ["rpmlint", "--strict", "--config", f"{ROOT}/packaging/rpm/rpmlint.toml", *rpms])

    def _lint(self, name, command):
        result = subprocess.run(command, capture_output=True, text=True)
        print(result.stdout + result.stderr, end="")
        self.count.check(f"{name} has nothing to say", result.returncode == 0, f"status {result.returncode}")
