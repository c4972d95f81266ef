#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Holds packaging/sos/master_target.py against sos, and against secrets.

usage: sos.py [PEERS]

PEERS is where scripts/setup --interop unpacked Debian's sosreport. The plugin's patterns are tried on planted secrets. With sos
it is imported as sos does; as root, sos itself makes a report with it, in a mount namespace in which /etc and /var/lib have
planted files that nobody else sees, and the report is searched. Without sos only the syntax is looked at. The last line
says what was done.
"""

import os
import py_compile
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import types
from pathlib import Path

PLUGIN = Path(__file__).resolve().parent.parent.parent / "packaging" / "sos" / "master_target.py"
KEY = "-----BEGIN PRIVATE KEY-----\nPLANTEDKEY\n-----END PRIVATE KEY-----\n"
# What goes in, and what stays of it.
SAMPLES = [
    ("password: PLANTED word", "password: [removed]"),
    ("Environment=PGPASSWORD=PLANTED", "Environment=PGPASSWORD=[removed]"),
    ('{"token": "PLANTED"}', '{"token": [removed]'),
    ("postgresql://u:PLANTED@db/x", "postgresql://u:[removed]@db/x"),
    (KEY + "rest", "[removed]\nrest"),
    ('{"key":"' + KEY.replace("\n", "\\n") + '"}', '{"key":"[removed]\\n"}'),
    ("-----BEGIN PRIVATE KEY-----\nPLANTED", "[removed]"),
    ("SetCredential=a:PLANTED", "SetCredential=[removed]"),
    ('"fencingToken":3,', '"fencingToken":3,'),
    ("passphraseFile: /etc/x", "passphraseFile: /etc/x"),
    ("  key: /etc/master-target/server.key", "  key: /etc/master-target/server.key"),
]
NAMESPACE = """
set -e
mount -t tmpfs none /mnt
mkdir /mnt/etc /mnt/etc.work /mnt/lib /mnt/lib.work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/etc.work /etc
mount -t overlay overlay -o lowerdir=/var/lib,upperdir=/mnt/lib,workdir=/mnt/lib.work /var/lib
mkdir -p /etc/master-target /var/lib/master-target/registration /var/lib/master-target/groups /var/lib/master-target/pki
printf 'port: 1\\npassword: PLANTED\\n' >/etc/master-target/master-target.yaml
printf -- "$KEY" | tee /etc/master-target/x.key >/var/lib/master-target/registration/server.key
cp /etc/master-target/x.key /var/lib/master-target/pki/server.key
printf '{"token":"PLANTED","fencingToken":7}' >/var/lib/master-target/groups/g.json
exec python3 "$SOS" report --batch --only-plugins master_target --enable-plugins master_target --tmp-dir "$OUT"
"""


def load(peers):
    """The plugin's class, with sos itself, or with nothing behind it; and whether sos is there."""
    if (peers / "usr/lib/python3/dist-packages/sos").is_dir():
        sys.path.insert(0, str(peers / "usr/lib/python3/dist-packages"))
    sys.path.insert(0, str(PLUGIN.parent))
    sys.dont_write_bytecode = True
    try:
        import sos.report.plugins  # noqa: F401
        real = True
    except ImportError:
        real = False
        module = types.ModuleType("sos.report.plugins")
        for name in ("Plugin", "RedHatPlugin", "DebianPlugin", "UbuntuPlugin"):
            setattr(module, name, type(name, (), {}))
        sys.modules.update({"sos": types.ModuleType("sos"), "sos.report": types.ModuleType("sos.report")})
        sys.modules["sos.report.plugins"] = module
    import master_target
    return master_target.MasterTarget, real


def patterns(plugin):
    for text, wanted in SAMPLES:
        clean = text
        for pattern, replacement in (
            (plugin.secret_keys, "[removed]"), (plugin.secret_names, r"\1[removed]"),
            (plugin.secret_addresses, r"\1[removed]\3"),
        ):
            clean = re.sub(pattern, replacement, clean)
        if clean != wanted:
            yield f"{text!r} became {clean!r} and not {wanted!r}"


def report(peers):
    """What is wrong with a report that sos makes with the plugin."""
    with tempfile.TemporaryDirectory() as folder:
        package = shutil.copytree(peers / "usr/lib/python3/dist-packages/sos", f"{folder}/sos")
        shutil.copy(PLUGIN, f"{package}/report/plugins/master_target.py")
        os.mkdir(f"{folder}/out")
        environment = dict(os.environ, KEY=KEY.replace("\n", "\\n"), SOS=str(peers / "usr/bin/sos"), OUT=f"{folder}/out")
        run = subprocess.run(
            ["unshare", "--mount", "sh", "-c", NAMESPACE], cwd=folder, env=environment, capture_output=True, text=True)
        made = list(Path(folder, "out").glob("*.tar*"))
        made = [path for path in made if tarfile.is_tarfile(path)]
        if run.returncode != 0 or not made:
            yield f"sos made no report: {run.stdout[-1000:]}{run.stderr[-1000:]}"
            return
        with tarfile.open(made[0]) as archive:
            texts = {
                member.name.split("/", 1)[1]: archive.extractfile(member).read().decode(errors="replace")
                for member in archive.getmembers() if member.isfile()
            }
    for name, text in texts.items():
        if "PLANTED" in text:
            yield f"{name} holds a secret"
    for name in ("etc/master-target/master-target.yaml", "var/lib/master-target/groups/g.json"):
        if "[removed]" not in texts.get(name, ""):
            yield f"{name} is not there, or nothing was taken out"
    for name in texts:
        if name.endswith(".key"):
            yield f"{name} was copied"


def main():
    peers = Path(sys.argv[1] if len(sys.argv) > 1 else "/")
    with tempfile.TemporaryDirectory() as folder:
        py_compile.compile(str(PLUGIN), cfile=f"{folder}/plugin.pyc", doraise=True)
    plugin, real = load(peers)
    findings = list(patterns(plugin))
    done = ["patterns"]
    if real:
        done.append("import by sos")
        if os.geteuid() == 0 and (peers / "usr/bin/sos").exists():
            findings += report(peers)
            done.append("a report by sos")
    else:
        done.append("syntax only: sos is not installed")
    print("\n".join(findings))
    print(f"{len(findings)} findings; {', '.join(done)}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
