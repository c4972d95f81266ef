# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The programs measured against, as they come from the distribution's packages."""

import json
import os
import re
import socket
import time

from machine import GIB, KIB, MIB


def certificates(machine):
    """A folder as nbdkit and nbdcopy expect it: one P-256 authority, a server's and a client's certificate."""
    folder = machine.path("tls", "x")[:-2]
    if os.path.exists(f"{folder}/client-cert.pem"):
        return folder
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    machine.run("openssl", "req", "-x509", *key, "-subj", "/CN=bench authority",
                "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", f"{folder}/ca-key.pem",
                "-out", f"{folder}/ca-cert.pem")
    for role in ("server", "client"):
        extensions = f"{folder}/{role}.ext"
        with open(extensions, "w") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        machine.run("openssl", "req", *key[:-2], "-subj", f"/CN={role}", "-keyout", f"{folder}/{role}-key.pem",
                    "-out", f"{folder}/{role}.csr")
        machine.run("openssl", "x509", "-req", "-in", f"{folder}/{role}.csr", "-CA", f"{folder}/ca-cert.pem",
                    "-CAkey", f"{folder}/ca-key.pem", "-CAcreateserial", "-days", "30", "-extfile", extensions,
                    "-out", f"{folder}/{role}-cert.pem")
    return folder


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def nbdcopy_to_nbdkit(machine, source, target):
    """Copies with nbdcopy to nbdkit's file plugin, over TLS with both sides authenticated, until it is durable.

    Gives seconds and the server's CPU seconds. nbdcopy runs as its manual recommends: as many connections and as much
    in flight as it likes; `--flush` makes the data durable before it ends.
    """
    tls = certificates(machine)
    port = free_port()
    server = machine.start(
        "nbdkit", "--foreground", "--ipaddr", "127.0.0.1", "--port", port, "--tls", "require",
        "--tls-certificates", tls, "--tls-verify-peer", "file", target, log="nbdkit.log")

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    machine.wait_until(listens, "nbdkit listens")
    before = machine.cpu_seconds(server.pid)
    began = time.monotonic()
    machine.run("nbdcopy", "--flush", source, f"nbds://localhost:{port}/?tls-certificates={tls}")
    seconds = time.monotonic() - began
    cpu = machine.cpu_seconds(server.pid) - before
    machine.stop(server)
    return seconds, cpu


def fio(machine, *jobs, together=True):
    """Runs fio jobs, each a dictionary of options, and gives the seconds until the last one has ended and synced."""
    lines = ["[global]", "ioengine=psync", "direct=1", "bs=1M", "end_fsync=1", "thread=1", "group_reporting=0"]
    for number, job in enumerate(jobs):
        lines += [f"[job{number}]"] + [f"{key}={value}" for key, value in job.items()]
        if not together:
            lines.append("stonewall")
    path = machine.path("job.fio")
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    began = time.monotonic()
    output = machine.run("fio", "--output-format=json", path)
    elapsed = time.monotonic() - began
    # fio's own start takes a moment, so its clocks are believed and not the one outside.
    milliseconds = [job[way]["runtime"] for job in json.loads(output[output.index("{"):])["jobs"]
                    for way in ("read", "write")]
    ours = (max(milliseconds) if together else sum(milliseconds)) / 1000
    return min(ours, elapsed) if ours > 0 else elapsed


def io_of_an_overwrite(machine, target, size):
    """The bare input and output of keeping history: journal write, target read, undo write, target write."""
    return fio(
        machine,
        {"filename": machine.path("fio.journal"), "rw": "write", "size": size},
        {"filename": target, "rw": "read", "size": size},
        {"filename": machine.path("fio.undo"), "rw": "write", "size": size},
        {"filename": target, "rw": "write", "size": size},
    )


def synced_writes(machine, size, count=1000):
    """Latencies in nanoseconds of write plus fdatasync, one after the other, into a file that is already there."""
    path = machine.zero_file("synced-writes", 64 * MIB)
    payload = os.urandom(size)
    latencies = []
    descriptor = os.open(path, os.O_WRONLY)
    try:
        for number in range(count):
            offset = number * size % (64 * MIB)
            began = time.perf_counter_ns()
            os.pwrite(descriptor, payload, offset)
            os.fdatasync(descriptor)
            latencies.append(time.perf_counter_ns() - began)
    finally:
        os.close(descriptor)
    return latencies


def rsync_in_place(machine, source, target):
    began = time.monotonic()
    machine.run("rsync", "--inplace", "--no-whole-file", "--ignore-times", source, target)
    machine.run("sync", target)
    return time.monotonic() - began


def sha256_bytes_a_second(machine):
    """One core, data in the cache."""
    output = machine.run("openssl", "speed", "-seconds", "2", "-bytes", str(64 * KIB), "-evp", "sha256")
    figures = re.findall(r"([0-9.]+)k\s*$", output, re.MULTILINE)
    return float(figures[-1]) * 1000
