# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Prints the SHA-256 of every file below a folder, and where every symbolic link points, sorted by path.

usage: fingerprint.py FOLDER
"""

import hashlib
import os
import sys


def fingerprint(folder):
    lines = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "lost+found"]
        for name in names:
            path = os.path.join(parent, name)
            if os.path.islink(path):
                content = "link to " + os.readlink(path)
            elif os.path.isfile(path):
                digest = hashlib.sha256()
                with open(path, "rb") as file:
                    while piece := file.read(1 << 20):
                        digest.update(piece)
                content = digest.hexdigest()
            else:
                continue
            lines.append((os.path.relpath(path, folder), content))
    for path, content in sorted(lines):
        print(f"{content}  {path}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        sys.exit(__doc__)
    fingerprint(sys.argv[1])
