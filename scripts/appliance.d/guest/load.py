# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""A source that changes and is replicated, round after round, in a guest: load.py DEVICE BYTES NOTES SENDER…

Each round changes the source in a way that its number determines, so that what the source held after any round can be
computed anywhere (`content`). NOTES gets a line for each round that begins and each that was acknowledged; it lies on
the host and is synced, so that it tells of what happened before a power cut. SENDER is a command line in which {label}
stands for the round's bookmark.
"""

import json
import os
import random
import subprocess
import sys

PAGE = 4096


def changes(number, size):
    """What a round writes: (offset, bytes), a few megabytes in all. Round 0 fills everything."""
    source = random.Random(number)
    if number == 0:
        for offset in range(0, size, 1 << 20):
            yield offset, source.randbytes(min(1 << 20, size - offset))
        return
    for _ in range(12):
        length = PAGE * source.randint(1, 96)
        yield PAGE * source.randrange((size - length) // PAGE), source.randbytes(length)


def content(number, size):
    """What the source holds after this round."""
    image = bytearray(size)
    for earlier in range(number + 1):
        for offset, data in changes(earlier, size):
            image[offset : offset + len(data)] = data
    return bytes(image)


def note(file, text):
    file.write(text + "\n")
    file.flush()
    os.fsync(file.fileno())


def was_acknowledged(output, label):
    reports = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return any(report["event"] == "passFinished" and report.get("bookmark") == label for report in reports)


def first_round(notes):
    """The last round that began goes again from its beginning: a power cut may have left half of its changes."""
    if not os.path.exists(notes):
        return 0
    with open(notes) as file:
        return max((int(line.split()[1]) for line in file if line.startswith("begin ")), default=0)


def main(device, size, notes, sender):
    size, number = int(size), first_round(notes)
    with open(device, "r+b", buffering=0) as source, open(notes, "a") as file:
        while not os.path.exists("/host/stop-load"):
            for offset, data in changes(number, size):
                os.pwrite(source.fileno(), data, offset)
            os.fsync(source.fileno())
            note(file, f"begin {number}")
            label = f"round-{number}"
            command = sender.replace("{label}", label) + " --json"
            result = subprocess.run(command, shell=True, capture_output=True, text=True)
            # A round that had to synchronize first tells of its bookmark only by ending well.
            if result.returncode == 0 or was_acknowledged(result.stdout, label):
                note(file, f"acknowledged {number}")
            if result.returncode != 0:
                note(file, f"failed {number}: {result.stdout[-600:]} {result.stderr[-600:]}".replace("\n", " "))
                sys.exit(1)
            number += 1
        note(file, "stopped")


if __name__ == "__main__":
    main(*sys.argv[1:4], " ".join(sys.argv[4:]))
