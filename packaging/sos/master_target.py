# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Plugin of sos (4.0 and newer) for Master Target; installed as sos/report/plugins/master_target.py.

It collects what `mtctl support-bundle` does and the other plugins do not. Private keys and the configuration server's
inventory are never copied; what stands behind the name of a secret is taken out of the rest.
"""

from sos.report.plugins import DebianPlugin, Plugin, RedHatPlugin, UbuntuPlugin


class MasterTarget(Plugin, RedHatPlugin, DebianPlugin, UbuntuPlugin):

    short_desc = "Master Target, disaster-recovery failback"

    plugin_name = "master_target"
    profiles = ("storage", "system")
    packages = ("master-target",)
    services = ("mastertargetd", "mt-process-server", "mt-configuration-server")
    files = ("/etc/master-target", "/var/lib/master-target")

    state = "/var/lib/master-target"
    records = ("groups", "jobs", "reports", "previews", "site-tasks", "registration")
    questions = ("status", "group list", "health", "disks", "multipath", "jobs", "preview list", "retention status")

    # What stands behind a name that says secret, to the end of the line; names of files and the fencing token stay.
    secret_names = (
        r"(?im)((?:[\w.\"'-]*(?:password|passwd|passphrase|secret|api[_-]?key|private[_-]?key|authorization|cookie|bearer|"
        r"setcredential)[\w-]*|[\w.-]*(?<!fencing)(?<!fencing[_-])token[\w-]*)"
        r"(?<!file)(?<!path)(?<!seconds)(?<!days)\\?[\"']?\s*[:=]\s*)(\S.*)$"
    )
    # scheme://user:password@host
    secret_addresses = r"(://[^\s:/@\"']+:)([^\s\"']+)(@)"
    # A private key in PEM, also one that is written into a line of JSON or has lost its end.
    secret_keys = (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?:[\s\S]{0,16384}?-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|[\s\S]{0,16384})"
    )

    def setup(self):
        # Before anything is copied.
        self.add_forbidden_path([
            "/etc/master-target/*.key",
            "/var/lib/master-target/*/*.key",
            "/var/lib/mt-process-server/*.key",
            "/var/lib/master-target-configuration/*",
        ])
        self.add_copy_spec(["/etc/master-target/*.yaml"])
        self.add_copy_spec([f"{self.state}/*.json"])
        self.add_copy_spec([f"{self.state}/{name}/*.json" for name in self.records])
        self.add_copy_spec([f"{self.state}/pki/*.pem", f"{self.state}/registration/*.pem"])
        self.add_cmd_output([f"mtctl {question} --json" for question in self.questions])
        self.add_cmd_output([
            "curl --silent --max-time 10 --unix-socket /run/master-target/control.sock http://localhost/metrics",
            "systemctl cat mastertargetd mt-process-server mt-configuration-server",
        ])
        self.add_journal(units=list(self.services))

    def postproc(self):
        for pattern, replacement in (
            (self.secret_keys, "[removed]"),
            (self.secret_names, r"\1[removed]"),
            (self.secret_addresses, r"\1[removed]\3"),
        ):
            self.do_path_regex_sub(r"/(etc|var/lib)/master-target/.*", pattern, replacement)
            self.do_cmd_output_sub("mtctl", pattern, replacement)
            self.do_cmd_output_sub("systemctl cat", pattern, replacement)
            self.do_cmd_output_sub("journalctl", pattern, replacement)
