# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""What the packages are: their files, what they need, what is said of them. Both formats are made from this."""

import os
import re
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


@dataclass
class Package:
    """One package; its debug symbols are another, made from `programs`."""

    name: str
    summary: str
    description: str  # paragraphs, separated by empty lines
    programs: dict  # name: section of its manual page; all are one file, which has the first name
    service: str
    configuration: str  # a file of packaging/, installed in /etc/master-target
    state: str  # what only a purge removes
    files: dict = field(default_factory=dict)  # place in the tree: place in the repository, file or folder
    depends: dict = field(default_factory=dict)  # format: what is needed besides the libraries
    recommends: dict = field(default_factory=dict)
    commands: tuple = ()  # programs that people type, with completions
    scripts: dict = field(default_factory=dict)  # lines of shell, for CONFIGURE, REMOVE and PURGE of packaging/deb
    ceiling: int = 40 << 20  # bytes that a package may have


PACKAGES = [
    Package(
        name="master-target",
        summary="disaster-recovery failback receiver",
        description="Takes the changes of machines that were failed over into a cloud over one encrypted connection, "
                    "writes them to disks on site, and keeps a history that can be rewound to any moment.\n\n"
                    "This package has the agent, mastertargetd, and mtctl, which operates it and whole sites.",
        programs={"mtctl": 1, "mastertargetd": 8},
        commands=("mtctl",),
        service="mastertargetd.service",
        configuration="master-target.yaml",
        state="/var/lib/master-target",
        files={
            "usr/lib/sysusers.d/mastertarget.conf": "systemd/mastertarget.sysusers",
            "usr/lib/tmpfiles.d/master-target.conf": "systemd/master-target.tmpfiles",
            "usr/lib/udev/rules.d/70-master-target.rules": "systemd/70-master-target.rules",
            "usr/lib/firewalld/services/master-target.xml": "systemd/firewalld/master-target.xml",
            "usr/lib/firewalld/services/master-target-nbd.xml": "systemd/firewalld/master-target-nbd.xml",
            "usr/share/doc/master-target/examples/mnt-retention.mount": "systemd/mnt-retention.mount",
            # Dashboard and alerts, where there are any.
            "usr/share/master-target/monitoring": "packaging/monitoring",
        },
        depends={
            "deb": ["systemd", "udev", "multipath-tools", "xfsprogs", "lsscsi", "kmod"],
            "rpm": ["systemd", "systemd-udev", "device-mapper-multipath", "xfsprogs", "lsscsi", "kmod"],
        },
        recommends={"deb": ["lvm2"], "rpm": ["lvm2"]},
        scripts={
            # The group that may use the control socket, and the folders.
            "CONFIGURE": ["systemd-sysusers mastertarget.conf", "systemd-tmpfiles --create master-target.conf || true"],
            "REMOVE": [
                "if [ -e /var/lib/master-target/host-preparation.json ]; then",
                "    echo \"What 'mtctl host prepare' changed on this machine stays; only mtctl can take it back (--undo).\"",
                "fi",
            ],
            # What the agent wrote while disks were bound.
            "PURGE": ["rm -f /etc/udev/rules.d/59-master-target.rules /etc/udev/rules.d/61-master-target.rules"],
        },
    ),
    Package(
        name="master-target-process-server",
        summary="disaster-recovery replication sender",
        description="Reads the disks of protected machines, orders and compresses what changed, and sends it to a master "
                    "target over one encrypted connection. It runs beside the machines, in the cloud.",
        programs={"mt-process-server": 8},
        commands=("mt-process-server",),
        service="mt-process-server.service",
        configuration="process-server.yaml",
        state="/var/lib/mt-process-server",
        depends={"deb": ["systemd"], "rpm": ["systemd"]},
    ),
    Package(
        name="master-target-configuration-server",
        summary="disaster-recovery failback coordinator",
        description="Registers master targets and process servers with a passphrase, knows how each of them is, and "
                    "carries reprotect, failover and commit of a whole site out as jobs. It has an HTTPS interface and a "
                    "console.",
        programs={"mt-configuration-server": 8},
        commands=("mt-configuration-server",),
        service="mt-configuration-server.service",
        configuration="configuration-server.yaml",
        state="/var/lib/master-target-configuration",
        files={
            "usr/lib/firewalld/services/master-target-configuration-server.xml":
                "systemd/firewalld/master-target-configuration-server.xml",
        },
        depends={"deb": ["systemd"], "rpm": ["systemd"]},
    ),
]



def changelog_author():
    """Who made the newest version, as both formats want it: a name and an address."""
    with open(f"{ROOT}/packaging/changelog", encoding="utf-8") as file:
        return re.search(r"(?m)^ -- (.+>)  ", file.read()).group(1)


class PackagingError(Exception):
    """What is wrong and what to do about it, in a sentence."""
