# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""A whole site on this machine: a configuration server, two master targets, a process server, and two machines in one
replication group, all on loopback. Registered, reprotected, failed over to a common application-consistent point,
committed; called by scripts/demo --site.

usage: site.py PROGRAMS PARENT KEEP    KEEP is yes or no
"""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = 32 << 20
MACHINES = ("web", "db")
GROUP = "shop"
# What a real master target has to have before anything is placed on it, and a demonstration does without.
WAIVED = ",".join(f"{check}=a demonstration" for check in ("os.packages", "os.cpu", "os.memory", "os.layout",
                                                          "retention.volume"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """Everything that was started, and the folder it is in."""

    def __init__(self, programs, parent):
        self.programs = programs
        self.work = tempfile.mkdtemp(prefix="master-target-site.", dir=parent)
        self.port = free_port()
        self.started = []
        self.chapters = 0
        self.failed = 0
        self.held = 0

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    # Telling

    def chapter(self, text):
        self.chapters += 1
        bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else ("", "")
        print(f"\n{bold}{self.chapters}. {text}{plain}", flush=True)

    def say(self, text):
        print(f"   {text}", flush=True)

    def compare(self, what, wanted, found):
        if wanted == found:
            self.held += 1
            self.say(f"✔ {what}")
        else:
            self.failed += 1
            self.say(f"✘ {what}: {found}, and not {wanted}")

    # Programs

    def start(self, name, program, *arguments):
        log = open(self.path(f"{name}.log"), "ab")
        process = subprocess.Popen([os.path.join(self.programs, program), *arguments], stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL)
        self.started.append(process)
        return process

    def run(self, program, *arguments):
        done = subprocess.run([os.path.join(self.programs, program), *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300, check=False)
        if done.returncode:
            raise SystemExit(f"demo: {program} {' '.join(arguments[:3])} failed: {done.stderr or done.stdout}")
        return done.stdout

    def site(self, *arguments):
        return self.run("mtctl", "site", *arguments, "--server", f"localhost:{self.port}", "--credentials",
                        self.path("operator"))

    def ask(self, *arguments):
        return json.loads(self.site(*arguments, "--json"))

    def wait(self, what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit(f"demo: {what} did not come about within {seconds} s")
            time.sleep(0.2)

    def script(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nset -eu\n{text}\n")
        os.chmod(path, 0o755)
        return path

    def clean_up(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.work, ignore_errors=True)


def configuration_server(site):
    settings = []
    for setting in (f"state.path={site.path('configuration')}", "https.address=127.0.0.1", f"https.port={site.port}",
                    "heartbeat.seconds=2"):
        settings += ["--set", setting]
    made = json.loads(site.run("mt-configuration-server", "init", "--dns", "localhost", "--ip", "127.0.0.1", "--json",
                               *settings))
    passphrase = site.path("passphrase")
    with open(passphrase, "w", encoding="utf-8") as file:
        file.write(made["passphrase"])
    os.chmod(passphrase, stat.S_IRUSR | stat.S_IWUSR)
    site.run("mt-configuration-server", "operator", "issue", "you", "--into", site.path("operator"), *settings)
    site.start("mt-configuration-server", "mt-configuration-server", "run", *settings)
    site.wait("the configuration server", lambda: answers(site.port))
    site.say(f"mt-configuration-server listens on port {site.port}; its passphrase was shown once.")
    return ["--server", f"localhost:{site.port}", "--passphrase-file", passphrase, "--server-fingerprint",
            made["fingerprint"]]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def master_target(site, name, joining):
    for part in ("state", "retention"):
        os.makedirs(site.path(name, part))
    settings = []
    for setting in (f"state.path={site.path(name, 'state')}", f"retention.path={site.path(name, 'retention')}",
                    f"control.socket={site.path(name, 'control.sock')}", "replication.address=127.0.0.1",
                    f"replication.port={free_port()}", f"health.waived={WAIVED}"):
        settings += ["--set", setting]
    site.start(name, "mastertargetd", *settings)
    site.wait(name, lambda: os.path.exists(site.path(name, "control.sock")))
    began = time.monotonic()
    site.run("mtctl", "register", *joining, "--dns", "localhost", "--socket", site.path(name, "control.sock"))
    site.say(f"{name}: mtctl register, and its heartbeat was answered {time.monotonic() - began:.1f} s later.")


def machines(site, joining):
    """Two disk images, somebody who writes to both, and the process server beside them."""
    for machine in MACHINES:
        for kind in ("source", "target"):
            with open(site.path(f"{machine}.{kind}"), "wb") as image:
                image.truncate(SIZE)
    freeze = site.path("freeze")
    writer = subprocess.Popen([sys.executable, "-B", os.path.join(HERE, "pair.py"), "write", site.path("web.source"),
                               site.path("db.source"), freeze])
    site.started.append(writer)
    before = site.script("before-pass", f"""
        kill -0 {writer.pid} 2>/dev/null || exit 0
        touch {freeze}
        for attempt in $(seq 1 500); do [ -e {freeze}.done ] && exit 0; sleep 0.01; done
        exit 1""")
    after = site.script("after-pass", f"rm -f {freeze} {freeze}.done")
    stop = site.script("stop-source", f"""
        kill {writer.pid} 2>/dev/null || exit 0
        while kill -0 {writer.pid} 2>/dev/null && ! grep -q '^State:.Z' /proc/{writer.pid}/status; do sleep 0.01; done""")
    state = site.path("process-server")
    site.run("mt-process-server", "register", *joining, "--state", state)
    site.start("mt-process-server", "mt-process-server", "run", "--state", state, "--interval", "1s", "--before-pass",
               before, "--after-pass", after, "--stop-source", stop)
    site.say("mt-process-server runs beside two machines, web and db, that write the same orders down all the time.")


def group(site):
    for machine in MACHINES:
        site.site("machine", "set", machine, "--powered-off", "--disk",
                  f"id={machine}-0,size={SIZE},source={site.path(f'{machine}.source')},"
                  f"original=file:{site.path(f'{machine}.target')}")
    site.site("group", "create", GROUP, "--machine", "web", "--machine", "db")


def report(site):
    return site.ask("group", "show", GROUP)


def last_order(path):
    return int(subprocess.check_output([sys.executable, "-B", os.path.join(HERE, "pair.py"), "last", path]))


def story(site):
    print("""
   the cloud                                  your site
  ┌──────────────────────────┐               ┌────────────────────────────────────────────────────┐
  │  web, db                 │    TLS 1.3    │  mt-1 ──► the disks of web and db, and their history│
  │  mt-process-server ──────┼──────────────►│  mt-2                                               │
  └───────────┬──────────────┘               │    ▲  heartbeats, orders                            │
              └──────────────────────────────┼─► mt-configuration-server ◄── you: mtctl site       │
                                             └────────────────────────────────────────────────────┘""")
    site.chapter("A site: everything registers with a passphrase")
    joining = configuration_server(site)
    master_target(site, "mt-1", joining)
    master_target(site, "mt-2", joining)
    machines(site, joining)
    site.wait("three servers online", lambda: [server["state"] for server in site.ask("servers")["servers"]]
              == ["online"] * 3)
    site.say("mtctl site servers: three, online.")

    site.chapter("Reprotect: the two machines share one group, and one order of writes")
    group(site)
    site.site("reprotect", GROUP, "--yes")
    placed = report(site)
    site.say(f"mtctl site reprotect {GROUP}: placed on {placed['masterTargetName']}, "
             f"sent by {placed['processServerName']}, and followed to its end.")
    site.wait("an application-consistent point",
              lambda: site.ask("points", GROUP).get("latestApplicationConsistent") is not None)
    time.sleep(2)

    site.chapter("Fail over to a point that is common to both, and consistent")
    site.site("failover", GROUP, "--point", "latest-app-consistent", "--yes")
    job = site.ask("jobs")["jobs"][0]
    for step in job["steps"]:
        site.say(f"  {step['kind']:12} {step['state']:8} {step.get('message') or ''}")
    site.say(job.get("result") or "")
    web, db = (last_order(site.path(f"{machine}.target")) for machine in MACHINES)
    site.compare(f"both disks end with the same order, number {web}", web, db)
    site.compare("there are orders on them", True, web > 0)
    sent = last_order(site.path("db.source"))
    site.say(f"The source had written {sent} when it was stopped.")

    site.chapter("Commit: the disks are yours, history is dropped, the record stays")
    site.site("commit", GROUP, "--yes")
    site.compare("the group is placed nowhere any more", None, report(site).get("placement"))
    jobs = [job["operation"]["kind"] for job in site.ask("jobs")["jobs"] if job["state"] == "done"]
    site.compare("the record has three jobs, all done", ["commit", "failover", "reprotect"], jobs)
    site.compare("and the disks are as they were", [web, db],
                 [last_order(site.path(f"{machine}.target")) for machine in MACHINES])
    console = site.ask("console")
    site.say(f"The console: {console['address']} (login with the code of: mtctl site console)")
    return console


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    began = time.monotonic()
    site = Site(sys.argv[1], sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        console = story(site)
        print(f"\n{'All' if not site.failed else site.held} {site.held + site.failed} comparisons held. "
              f"It took {time.monotonic() - began:.0f} seconds.")
        if sys.argv[3] == "yes":
            print(f"\nIt is left running in {site.work}. Look at {console['address']} with the code {console['code']}, or:\n"
                  f"  {site.programs}/mtctl site groups --server localhost:{site.port} "
                  f"--credentials {site.path('operator')}\nCtrl-C ends it and removes what it made.")
            signal.pause()
    except KeyboardInterrupt:
        pass
    except SystemExit:
        for name in sorted(os.listdir(site.work)):
            if name.endswith(".log"):
                with open(site.path(name), encoding="utf-8", errors="replace") as log:
                    print(f"── {name}\n" + "".join(log.readlines()[-8:]), file=sys.stderr)
        raise
    finally:
        site.clean_up()
    sys.exit(1 if site.failed else 0)


if __name__ == "__main__":
    main()
