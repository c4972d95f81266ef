# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""A small shop that never stops selling: the application on the demonstration's source disk.

usage: orders.py sell FOLDER     inserts orders, a transaction each, and keeps a log beside it, until it is terminated
       orders.py wreck FOLDER    what an intruder does: deletes the orders and scrambles every other file
       orders.py count DATABASE  prints `ok N`: the verdict of SQLite's integrity check and how many orders there are
"""

import hashlib
import os
import random
import signal
import sqlite3
import sys
import time

DATABASE = "orders.db"
LOG = "orders.log"


def connect(path):
    database = sqlite3.connect(path, timeout=60)
    database.execute("PRAGMA synchronous = FULL")
    return database


def sell(folder):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    database = connect(os.path.join(folder, DATABASE))
    database.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, time REAL, item TEXT, proof TEXT)")
    database.commit()
    with open(os.path.join(folder, LOG), "a", encoding="utf-8") as log:
        while not stop:
            item = f"item {random.randrange(10**6)}"
            proof = hashlib.sha256(item.encode()).hexdigest()
            with database:
                row = database.execute("INSERT INTO orders (time, item, proof) VALUES (?, ?, ?)",
                                       (time.time(), item, proof))
            log.write(f"{row.lastrowid} {item} {proof}\n")
            log.flush()
            time.sleep(0.01)
    database.close()


def wreck(folder):
    database = connect(os.path.join(folder, DATABASE))
    with database:
        database.execute("DELETE FROM orders WHERE id % 2 = 0")
    database.close()
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if name.startswith(DATABASE) or name == LOG or os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "r+b") as file:
                size = os.fstat(file.fileno()).st_size
                for offset in range(0, size, 1 << 20):
                    file.seek(offset)
                    file.write(os.urandom(min(1 << 20, size - offset)))


def count(path):
    database = sqlite3.connect(path)
    verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
    orders = 0
    for item, proof in database.execute("SELECT item, proof FROM orders"):
        if hashlib.sha256(item.encode()).hexdigest() != proof:
            verdict = f"the proof of {item} is wrong"
        orders += 1
    print(verdict, orders)


if __name__ == "__main__":
    commands = {"sell": sell, "wreck": wreck, "count": count}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](sys.argv[2])
