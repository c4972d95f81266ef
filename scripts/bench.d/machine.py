# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""What a measurement needs from the machine: a place for files, known content, a cold cache, clocks and counters."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TICKS = os.sysconf("SC_CLK_TCK")


def parse_size(text):
    """`4GiB`, `512M`, `1048576` → bytes."""
    units = {"K": KIB, "M": MIB, "G": GIB}
    digits = text.rstrip("iBb").rstrip("KMGkmg")
    suffix = text[len(digits):][:1].upper()
    return int(float(digits) * units.get(suffix, 1))


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Machine:
    """The folder of one run of the benchmark, and the processes started in it. Both are gone after `close`."""

    def __init__(self, folder=None, keep=False):
        self.folder = tempfile.mkdtemp(prefix="master-target-bench.", dir=folder)
        self.keep = keep
        self.running = []

    def close(self):
        for process in reversed(self.running):
            self.stop(process)
        if self.keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        path = os.path.join(self.folder, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    # Processes. They are ended by the handle they were started with, never by name.

    def start(self, *command, log=None, **options):
        output = open(self.path(log), "ab") if log else subprocess.DEVNULL
        process = subprocess.Popen([str(c) for c in command], stdout=output, stderr=output, **options)
        self.running.append(process)
        return process

    def stop(self, process, how=signal.SIGTERM, patience=60):
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.running:
            self.running.remove(process)

    def run(self, *command, **options):
        """Runs to the end and gives the standard output; a failure is an error that quotes what the command said."""
        result = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
        if result.returncode != 0:
            said = (result.stderr or result.stdout).strip()
            raise RuntimeError(f"{' '.join(str(c) for c in command)} ended with {result.returncode}: {said}")
        return result.stdout

    def run_json(self, *command, **options):
        return json.loads(self.run(*command, **options))

    def run_counted(self, *command):
        """Runs to the end and gives the standard output and the kernel's account of the process (man 2 getrusage)."""
        with open(self.path("errors"), "w+") as errors:
            process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=errors, text=True)
            output = process.stdout.read()
            process.stdout.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            if process.returncode != 0:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}: {errors.read().strip()}")
        return output, usage

    def wait_until(self, condition, what, seconds=120, pause=0.01):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"waited {seconds} s in vain until {what}")
            time.sleep(pause)

    # Files with known content.

    @staticmethod
    def exists(path):
        return os.path.exists(path)

    def empty_folder(self, name):
        folder = self.path(name, "x")[:-2]
        self.run("rm", "-rf", folder)
        os.makedirs(folder)
        return folder

    def random_file(self, name, size, seed=1):
        """Content that no compression shrinks. AES in counter mode over zeroes: about 1 GB/s, the same every time."""
        path = self.path(name)
        if not os.path.exists(path) or os.path.getsize(path) != size:
            with open(path, "wb") as file:
                key = f"{seed:032x}"
                zeroes = subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE)
                cipher = ["openssl", "enc", "-aes-128-ctr", "-nopad", "-K", key, "-iv", "0" * 32]
                subprocess.run(cipher, stdin=zeroes.stdout, stdout=file, check=True)
                zeroes.wait()
                os.fsync(file.fileno())
        return path

    def zero_file(self, name, size):
        """Zeroes that are really written, so that no write to it later changes the file system's map."""
        path = self.path(name)
        zeroes = bytes(8 * MIB)
        with open(path, "r+b" if os.path.exists(path) else "wb") as file:
            for offset in range(0, size, len(zeroes)):
                file.write(zeroes[: min(len(zeroes), size - offset)])
            file.truncate(size)
            file.flush()
            os.fsync(file.fileno())
        return path

    def cold(self):
        """Writes back everything and, as root, drops the page cache, so that both sides start from the same."""
        os.sync()
        try:
            with open("/proc/sys/vm/drop_caches", "w") as file:
                file.write("3")
        except OSError:
            pass

    # Counters of a running process.

    def cpu_seconds(self, pid):
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_bytes(self, pid, what="VmRSS"):
        """`VmRSS` now, or `VmHWM` for the highest so far."""
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith(what + ":"):
                    return int(line.split()[1]) * KIB
        raise RuntimeError(f"/proc/{pid}/status has no {what}")
