# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""nbd.ingest: nbdcopy into a group's export, over TLS, with full history, until it is on the target.

The target holds zeroes and the first point is those. The peer: nbdcopy to nbdkit's file plugin over TLS, which keeps no
history.

nbd.preview.copy and nbd.preview.random: out of a preview of a point a hundred epochs back, by nbdcopy, and by fio with 16
random reads of 4 KiB outstanding. Each epoch since has overwritten 128 places of 16 KiB. The peer: nbdkit's file plugin
serving a plain file; both are on a unix domain socket, which is what previews have, and begin with a cold cache. nbdkit
reads through the page cache and fills it; ours reads with direct I/O.
"""

import json
import random

import peers
from machine import GIB, KIB, MIB
from product import DISK, Product
from row import Figure, Row

EPOCHS = 100
RANDOM_READS = 40_000


class NBDIngest(Row):
    order = 110
    name = "nbd.ingest"
    figures = (Figure("nbd.ingest", "MiB/s", "nbdcopy to nbdkit over TLS, no history", "ratio", "≥", 1.0),)
    default_size = 2 * GIB

    def ours(self, bench):
        machine, size = bench.machine, bench.size
        data = machine.random_file("data", size)
        product = Product(machine, bench.programs, nbd=True)
        try:
            target = machine.zero_file("target", size)
            product.start()
            product.protect(target, size)
            product.control("nbd", "enable", product.group)
            machine.cold()
            seconds = product.timed(lambda: (
                machine.run("nbdcopy", "--flush", data, product.nbd_uri()), product.drain()))
        finally:
            product.remove()
        machine.run("cmp", data, target)
        return {"nbd.ingest": size / MIB / seconds}

    def peer(self, bench):
        machine, size = bench.machine, bench.size
        data = machine.random_file("data", size)
        target = machine.zero_file("target", size)
        machine.cold()
        seconds, _ = peers.nbdcopy_to_nbdkit(machine, data, target)
        return {"nbd.ingest": size / MIB / seconds}


class NBDPreview(Row):
    order = 120
    name = "nbd.preview"
    figures = (
        Figure("nbd.preview.copy", "MiB/s", "nbdcopy from nbdkit serving a file", "ratio", "≥", 0.7),
        Figure("nbd.preview.random", "reads/s", "nbdkit serving a file", "ratio", "≥", 0.5),
    )
    default_size = 1 * GIB

    def prepare(self, bench):
        machine, size = bench.machine, bench.size
        self.data = machine.random_file("data", size)
        self.product = product = Product(machine, bench.programs, nbd=True)
        target = machine.zero_file("target", size)
        product.start()
        product.protect(target, size)
        product.control("nbd", "enable", product.group)
        machine.run("nbdcopy", "--flush", self.data, product.nbd_uri())
        product.control("nbd", "in-step", product.group)
        product.bookmark("then")
        places_of = random.Random(1)
        for epoch in range(EPOCHS):
            places = [places_of.randrange(size // (16 * KIB)) * 16 * KIB for _ in range(128)]
            commands = [part for place in places for part in ("-c", f"write -q -P {epoch} {place} {16 * KIB}")]
            machine.run("qemu-io", "--object", f"tls-creds-x509,id=tls,endpoint=client,dir={product.nbd_client()}",
                        *commands, "-c", "flush", "--image-opts",
                        f"driver=nbd,server.type=inet,server.host=localhost,server.port={product.nbd_port},"
                        f"export={product.nbd_export()},tls-creds=tls")
            # An application-consistent point ends an epoch.
            product.control("nbd", "in-step", product.group)
            product.control("bookmark", product.group, "--label", f"epoch-{epoch}", "--app-consistent")
        product.drain()
        report = json.loads(product.control("preview", "start", product.group, "--point", "then", "--json"))
        self.uri = report["disks"][0]["uri"]

    def ours(self, bench):
        machine = bench.machine
        copied = self.copy(bench, self.uri)
        machine.run("cmp", self.data, machine.path("copy"))
        machine.cold()
        return {"nbd.preview.copy": copied, "nbd.preview.random": self.random_reads(bench, self.uri)}

    def peer(self, bench):
        machine = bench.machine
        socket = machine.path("nbdkit.sock")
        machine.run("rm", "--force", socket)
        server = machine.start("nbdkit", "--foreground", "--readonly", "--unix", socket, "file", self.data,
                               log="nbdkit.log")
        try:
            uri = f"nbd+unix:///?socket={socket}"
            machine.wait_until(lambda: server.poll() is None and machine.exists(socket), "nbdkit listens")
            copied = self.copy(bench, uri)
            machine.cold()
            return {"nbd.preview.copy": copied, "nbd.preview.random": self.random_reads(bench, uri)}
        finally:
            machine.stop(server)

    def finish(self, bench):
        self.product.remove()

    def copy(self, bench, uri):
        machine = bench.machine
        copy = machine.zero_file("copy", bench.size)
        machine.cold()
        seconds = Product.timed(lambda: machine.run("nbdcopy", uri, copy))
        return bench.size / MIB / seconds

    def random_reads(self, bench, uri):
        machine = bench.machine
        job = machine.path("random.fio")
        with open(job, "w") as file:
            # fio takes a colon for the end of a file's name.
            file.write("[global]\nioengine=nbd\nrw=randread\nbs=4k\niodepth=16\nrandrepeat=1\n"
                       f"io_size={RANDOM_READS * 4096}\n[job]\nuri={uri}\n")
        output = machine.run("fio", "--output-format=json", job)
        return json.loads(output[output.index("{"):])["jobs"][0]["read"]["iops"]
