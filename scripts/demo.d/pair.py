# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Two machines that belong together: one writes down an order, then the other writes down the same.

usage: pair.py write WEB DB FREEZE    writes orders to both disk images until it is terminated; while the file FREEZE is
                                      there it stands still between two orders, and says so with the file FREEZE.done
       pair.py last IMAGE             prints the number of the last order on a disk image
"""

import os
import signal
import struct
import sys
import time

RECORD = struct.Struct("<Q504x")


def write(web, db, freeze):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    disks = [os.open(path, os.O_RDWR) for path in (web, db)]
    # One record at the end says how many there are; the others are where they belong.
    size = os.fstat(disks[0]).st_size // RECORD.size
    number = last(db)
    while not stop:
        if os.path.exists(freeze):
            open(freeze + ".done", "w").close()
            while os.path.exists(freeze) and not stop:
                time.sleep(0.005)
            if os.path.exists(freeze + ".done"):
                os.unlink(freeze + ".done")
            continue
        number += 1
        for disk in disks:
            os.pwrite(disk, RECORD.pack(number), number % size * RECORD.size)
            os.fsync(disk)
        time.sleep(0.002)


def last(path):
    with open(path, "rb") as image:
        content = image.read()
    return max(number for (number,) in RECORD.iter_unpack(content))


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "write":
        write(*sys.argv[2:])
    elif len(sys.argv) == 3 and sys.argv[1] == "last":
        print(last(sys.argv[2]))
    else:
        sys.exit(__doc__)
