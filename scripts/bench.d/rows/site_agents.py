# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""site.agents: a configuration server and a thousand master targets that heartbeat every 10 s with 10 groups each.

    mt-load agents --server HOST:PORT --passphrase-file FILE --agents N --groups N --seconds S

enrols so many agents, each with a key of its own, then lets them send heartbeats and wait for orders as agents do: two
connections each. Says `measuring` and `measured` on standard error; the processor time and memory of the server are the
kernel's account between these. The round trip is seen from the agents, which share the machine. Prints

    {"agents": 1000, "heartbeats": 12000, "p50Milliseconds": 1.0, "p99Milliseconds": 9.0, "agentsWithProblems": 0, …}

Memory is held against what it was when the measurement began.
"""

import json
import os
import subprocess

from machine import MIB
from peers import free_port
from product import load_program
from row import Figure, LIMIT, Row

AGENTS = 1000
GROUPS = 10
SECONDS = 120


class SiteAgents(Row):
    order = 130
    name = "site.agents"
    figures = (
        Figure("site.agents.processor", "% of a core", LIMIT, "ratio", "≤", 1.0),
        Figure("site.agents.p99", "ms", LIMIT, "ratio", "≤", 1.0),
        Figure("site.agents.memory-growth", "MiB", LIMIT, "ratio", "≤", 1.0),
        Figure("site.agents.memory", "MiB"),
    )

    def ours(self, bench):
        machine = bench.machine
        program = os.path.join(bench.programs, "mt-configuration-server")
        folder = machine.empty_folder("site")
        port = free_port()
        settings = []
        for setting in (f"state.path={folder}/state", "https.address=127.0.0.1", f"https.port={port}"):
            settings += ["--set", setting]
        made = json.loads(machine.run(program, "init", "--dns", "localhost", "--json", *settings))
        passphrase = f"{folder}/passphrase"
        with open(os.open(passphrase, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(made["passphrase"])
        server = machine.start(program, "run", *settings, log=f"{folder}/server.log")
        try:
            machine.wait_until(lambda: b"listens" in open(f"{folder}/server.log", "rb").read(), "the server")
            return self._measure(bench, port, passphrase, server)
        finally:
            machine.stop(server)
            machine.run("rm", "-rf", folder)

    def _measure(self, bench, port, passphrase, server):
        machine = bench.machine
        load = subprocess.Popen(
            [load_program(bench.programs), "agents", "--server", f"localhost:{port}", "--passphrase-file", passphrase,
             "--agents", str(AGENTS), "--groups", str(GROUPS), "--seconds", str(SECONDS)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            looks = {}
            for line in load.stderr:
                looks[line.strip()] = (machine.cpu_seconds(server.pid), machine.resident_bytes(server.pid))
                if line.strip() == "measured":
                    break
            output, errors = load.communicate(timeout=120)
        finally:
            if load.poll() is None:
                load.kill()
                load.wait()
        if load.returncode != 0:
            raise RuntimeError(f"mt-load failed: {errors}")
        found = json.loads(output)
        if found["agentsWithProblems"]:
            raise RuntimeError(f"{found['agentsWithProblems']} agents were not answered: {found}")
        (cpu, memory), (cpu_after, memory_after) = looks["measuring"], looks["measured"]
        return {
            "site.agents.processor": (cpu_after - cpu) / SECONDS * 100,
            "site.agents.p99": found["p99Milliseconds"],
            "site.agents.memory-growth": max(0, memory_after - memory) / MIB,
            "site.agents.memory": memory_after / MIB,
        }

    def peer(self, bench):
        return {"site.agents.processor": 25, "site.agents.p99": 50, "site.agents.memory-growth": 16}
