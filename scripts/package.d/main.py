# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Makes, compares, checks and tries the packages: see scripts/package --help."""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

from catalogue import PACKAGES, ROOT, PackagingError
from deb import DebianPackages
from linters import Linters
from programs import Programs, run
from rpm import RedHatPackages
from staging import Stage
from trial import Trial


def parse():
    parser = argparse.ArgumentParser(
        prog="scripts/package",
        description="Makes DEBs and RPMs of the release build, from one staging tree, with debug symbols in packages of "
                    "their own. The same commit gives the same bytes.",
        epilog="The last line is `N passed, N failed` where something is checked.")
    parser.add_argument("--output", default=os.path.join(ROOT, ".build/packages"), metavar="FOLDER",
                        help="where the packages go (default: .build/packages)")
    parser.add_argument("--format", choices=("deb", "rpm"), action="append", help="only this format")
    parser.add_argument("--verify", action="store_true", help="build everything twice, and compare")
    parser.add_argument("--lint", action="store_true", help="look at the packages with lintian and rpmlint")
    parser.add_argument("--test", action="store_true",
                        help="install, upgrade, remove and purge them in root filesystems made for that; as root")
    return parser.parse_args()


def version():
    """The programs' own, which the changelog has to have too."""
    with open(f"{ROOT}/Sources/ControlAPI/ProductVersion.swift", encoding="utf-8") as file:
        found = re.search(r'text = "([^"]+)"', file.read()).group(1)
    with open(f"{ROOT}/packaging/changelog", encoding="utf-8") as file:
        newest = re.match(r"\S+ \((\S+)\)", file.readline()).group(1)
    if newest != found:
        raise PackagingError(f"packaging/changelog ends with {newest}, and the programs are {found}: add an entry.")
    return found


def commit_date():
    """SOURCE_DATE_EPOCH: as given, or of the commit. Source: reproducible-builds.org."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or run("git", "-C", ROOT, "log", "-1", "--format=%ct"))


class Count:
    """What held and what did not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, what, holds, why=""):
        if holds:
            self.passed += 1
            print(f"   ✔ {what}", flush=True)
        else:
            self.failed += 1
            print(f"   ✘ {what}{': ' + str(why).strip() if why else ''}", flush=True)
        return holds


def build(formats, programs, folder, output, number, date, remark="", debug=True):
    """All packages; their paths."""
    os.makedirs(output, exist_ok=True)
    stage = Stage(os.path.join(folder, "stage"), programs, number, date, remark)
    stage.make()
    paths = []
    if "deb" in formats:
        packages = DebianPackages(stage, os.path.join(folder, "deb"), output)
        os.makedirs(packages.folder, exist_ok=True)
        for package in PACKAGES:
            paths += packages.build(package, debug)
    if "rpm" in formats:
        paths += RedHatPackages(stage, os.path.join(folder, "rpm"), output).build(debug)
    return paths


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sizes(paths, count):
    for path in paths:
        size, name = os.path.getsize(path), os.path.basename(path)
        package = next((p for p in PACKAGES if re.match(re.escape(p.name) + r"[-_]\d", name)), None)
        print(f"   {size / (1 << 20):7.1f} MiB  {name}")
        if package:
            count.check(f"{name} has at most {package.ceiling >> 20} MiB", size <= package.ceiling)


def main():
    options = parse()
    formats = options.format or ["deb", "rpm"]
    count, began = Count(), time.monotonic()

    def chapter(title):
        print(f"── {title} ({time.monotonic() - began:.0f} s)", flush=True)

    work = os.path.join(ROOT, ".build/package")
    os.makedirs(work, exist_ok=True)
    number, date = version(), commit_date()
    chapter("programs: linked with the Swift runtime, checked, stripped")
    programs = Programs(os.path.join(ROOT, ".build/release"), os.path.join(work, "programs"))
    programs.make()
    chapter("packages")
    shutil.rmtree(options.output, ignore_errors=True)
    paths = build(formats, programs, work, options.output, number, date)
    check_sizes(paths, count)
    if options.verify:
        chapter("the same packages again")
        for path in build(formats, programs, work, os.path.join(work, "again"), number, date):
            first = os.path.join(options.output, os.path.basename(path))
            count.check(f"{os.path.basename(path)} is the same", digest(path) == digest(first))
        shutil.rmtree(os.path.join(work, "again"))
    if options.lint:
        chapter("lintian and rpmlint")
        Linters(count).look_at(paths)
    if options.test:
        chapter("packages of an older version, to be upgraded")
        older = build(formats, programs, os.path.join(work, "older"), os.path.join(work, "older/packages"), "0.0.1", date,
                      remark="# Of the older version.\n", debug=False)
        with Trial(os.path.join(work, "roots"), count) as trial:
            for family in formats:
                chapter(f"{family.upper()}s: installed, upgraded, removed")
                trial.run(family, older, paths)
    chapter("done")
    print(f"The packages are in {os.path.relpath(options.output)}.")
    print(f"{count.passed} passed, {count.failed} failed")
    return 1 if count.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PackagingError as error:
        sys.exit(f"package: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"package: {' '.join(map(str, error.cmd))} ended with {error.returncode}")
