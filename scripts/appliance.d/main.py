# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Runs the scenarios, each in a process of its own, and counts: see scripts/appliance-test --help."""

import argparse
import glob
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from image import HERE, Image, ImageError
from patience import Patience
from programs import Programs
from trial import BEDS, Failed, NotYet, Trial

PASSED, FAILED, NOT_YET = 0, 1, 3
WORDS = {PASSED: "passed", FAILED: "failed", NOT_YET: "not yet"}
# Seconds, many times what it takes: a limit is for what hangs. A scenario may name its own as LIMIT.
LIMIT = {"uml": 300, "qemu": 600}
DAY = 86400


def scenarios():
    found = {}
    for path in sorted(glob.glob(HERE + "/scenarios/*.py")):
        name = os.path.basename(path)[:-3]
        specification = importlib.util.spec_from_file_location(name, path)
        found[name] = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(found[name])
    return found


def parse():
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "master-target")
    parser = argparse.ArgumentParser(
        prog="scripts/appliance-test",
        description="Boots Linux appliances with SCSI disks, multipath, LVM and md as virtual machines, and tries the "
                    "programs in them. It needs Debian on x86-64, and root; it does without KVM.",
        epilog="A scenario that needs a command of mtctl which does not exist yet runs up to there and is counted "
               "apart, as `not yet`, never as passed. The last line is `N passed, N failed`.")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    parser.add_argument("--only", action="append", metavar="NAME", help="run this scenario; may be repeated")
    parser.add_argument("--bed", choices=BEDS, help="only on this bed: User Mode Linux, or QEMU, which is slower")
    parser.add_argument("--keep", action="store_true", help="keep the disks and logs of every scenario, and say where")
    parser.add_argument("--cache", default=cache, metavar="FOLDER",
                        help="where the image is kept (default: %(default)s)")
    parser.add_argument("--programs", default=os.path.join(os.path.dirname(os.path.dirname(HERE)), ".build/release"),
                        metavar="FOLDER", help="use the programs in this folder instead of building them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="scenarios at once (default: %(default)s)")
    parser.add_argument("--run", nargs=2, metavar=("NAME", "BED"), help=argparse.SUPPRESS)
    return parser.parse_args()


def end_with_parent():
    """The parent holds the other end of standard input: when it is gone, so are we, and with us our machines."""
    def watch():
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=watch, daemon=True).start()


def run_one(module, bed, image, programs, keep):
    """One scenario, in this process; its exit status."""
    test = Trial(bed, image, programs, keep)
    try:
        module.run(test)
        return PASSED
    except NotYet as reason:
        test.say(f"{test.checks} checks held; the rest is not run: {reason}")
        return NOT_YET
    except Failed as failure:
        test.say(f"✘ {failure}")
    except Exception:
        test.say(f"✘ {traceback.format_exc()}")
    finally:
        test.close()
    return FAILED


def run_apart(name, bed, limit, options):
    """One scenario in a process of its own: (status, output, seconds)."""
    command = [sys.executable, "-B", os.path.join(HERE, "main.py"), "--run", name, bed,
               "--cache", options.cache, "--programs", options.programs, *(["--keep"] if options.keep else [])]
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout))
    reader.start()
    patience = Patience(limit)
    while patience.left() > 0 and process.poll() is None:
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            pass
    status = process.poll()
    if status is None:
        process.kill()
        process.wait()
        status = FAILED
        lines.append(f"   ✘ not done in {limit} s\n")
    reader.join(10)
    process.stdin.close()
    return status if status in WORDS else FAILED, "".join(lines), time.monotonic() - began


def missing_commands(module, programs):
    return [command for command in getattr(module, "NEEDS", ()) if not programs.has(command)]


def list_all(found, programs):
    for name, module in found.items():
        print(f"{name:<18} {', '.join(module.BEDS):<10} {module.SUMMARY}")
        missing = missing_commands(module, programs) if programs.are_built() else []
        if missing:
            print(f"{'':<29} not yet: command missing: {', '.join('mtctl ' + command for command in missing)}")


def remove_leftovers(work):
    """What runs that were killed have left, when it is a day old."""
    for path in glob.glob(work + "/*"):
        if time.time() - os.stat(path).st_mtime > DAY:
            shutil.rmtree(path, ignore_errors=True)


def run_all(found, options):
    """Runs them side by side, the longest first, and tells of each when it is done; the statuses."""
    chosen = [(name, bed) for name, module in found.items() for bed in module.BEDS if options.bed in (None, bed)]
    limits = {pair: getattr(found[pair[0]], "LIMIT", LIMIT[pair[1]]) for pair in chosen}
    chosen.sort(key=lambda pair: -limits[pair])
    statuses, rows, lock = [], [], threading.Lock()

    def work(pair):
        status, output, seconds = run_apart(*pair, limits[pair], options)
        with lock:
            print(f"── {pair[0]} ({pair[1]})\n{output}", end="", flush=True)
            statuses.append(status)
            rows.append(f"{pair[0]:<18} {pair[1]:<5} {WORDS[status]:<7} {seconds:7.1f} s")

    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for result in [pool.submit(work, pair) for pair in chosen]:
            result.result()
    print("\n" + "\n".join(sorted(rows)))
    return statuses


def main():
    options = parse()
    found = scenarios()
    if options.only:
        unknown = [name for name in options.only if name not in found]
        if unknown:
            sys.exit(f"appliance-test: no scenario is called {', '.join(unknown)}; --list shows them.")
        found = {name: found[name] for name in options.only}
    options.cache, options.programs = os.path.realpath(options.cache), os.path.realpath(options.programs)
    image = Image(options.cache)
    # One copy for each place that programs are built in.
    copy = os.path.join(options.cache, "programs" + options.programs.replace("/", "-"))
    programs = Programs(options.programs, copy)
    if not programs.are_built():
        sys.exit(f"appliance-test: the programs are not in {options.programs}: swift build --configuration release")
    programs.collect()
    if options.list:
        return list_all(found, programs)
    try:
        image.prepare()
    except ImageError as error:
        sys.exit(f"appliance-test: {error}")
    if options.run:
        end_with_parent()
        sys.exit(run_one(found[options.run[0]], options.run[1], image, programs, options.keep))
    remove_leftovers(image.work)
    statuses = run_all(found, options)
    if NOT_YET in statuses:
        print(f"{statuses.count(NOT_YET)} not yet: they wait for commands of mtctl, and are in neither count")
    print(f"{statuses.count(PASSED)} passed, {statuses.count(FAILED)} failed")
    sys.exit(1 if FAILED in statuses else 0)


if __name__ == "__main__":
    main()
