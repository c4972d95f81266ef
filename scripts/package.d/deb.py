# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""DEBs, from the staging tree, by dpkg's own tools. Source: Debian Policy; man 5 deb-control; man 1 dpkg-deb."""

import hashlib
import os
import re
import shutil
import textwrap

from catalogue import ROOT, PackagingError, changelog_author
from programs import run

SCRIPTS = ("postinst", "prerm", "postrm")
# A quarter larger than the smallest that xz makes, in a fiftieth of the time. dpkg reads it since Debian 12.
COMPRESSION = ("-Zzstd", "-z9", "--threads-max=1")


class DebianPackages:
    """Builds in `folder`, puts what is built into `output`."""

    def __init__(self, stage, folder, output):
        self.stage = stage
        self.folder = folder
        self.output = output
        self.architecture = run("dpkg", "--print-architecture").strip()
        self.maintainer = changelog_author()

    def build(self, package, debug=True):
        """The package and, where it is wanted, that of its debug symbols; their paths."""
        paths = [self._build(package, package.name, debug=False)]
        return paths + ([self._build(package, package.name + "-dbgsym", debug=True)] if debug else [])

    def _build(self, package, name, debug):
        tree = os.path.join(self.folder, name)
        shutil.rmtree(tree, ignore_errors=True)
        entries = self.stage.of(package, "deb", debug)
        for entry in entries:
            place = os.path.join(tree, entry.path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.link(self.stage.place(entry), place, follow_symlinks=False)
        if debug:
            # Policy wants a copyright file; the package's own serves both.
            os.makedirs(f"{tree}/usr/share/doc")
            os.symlink(package.name, f"{tree}/usr/share/doc/{name}")
        control = os.path.join(tree, "DEBIAN")
        os.makedirs(control)
        size = sum((os.lstat(self.stage.place(entry)).st_size + 1023) // 1024 for entry in entries)
        fields = self._debug_fields(package) if debug else self._fields(package, tree)
        fields = {"Package": name, "Version": self.stage.version, "Architecture": self.architecture,
                  "Maintainer": self.maintainer, "Installed-Size": str(size), **fields}
        self._write(control, "control", "".join(f"{key}: {value}\n" for key, value in fields.items() if value))
        self._write(control, "md5sums", "".join(
            f"{md5(self.stage.place(entry))}  {entry.path}\n" for entry in entries
            if entry.kind not in ("configuration", "link")))
        if not debug:
            self._write(control, "conffiles", "".join(
                f"/{entry.path}\n" for entry in entries if entry.kind == "configuration"))
            for script in SCRIPTS:
                self._write(control, script, self._script(package, script), 0o755)
        for folder, _, _ in os.walk(tree):
            os.chmod(folder, 0o755)
            os.utime(folder, (self.stage.date, self.stage.date))
        path = os.path.join(self.output, f"{name}_{self.stage.version}_{self.architecture}.deb")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(self.stage.date)}
        run("dpkg-deb", "--root-owner-group", *COMPRESSION, "--build", tree, path, env=environment)
        return path

    def _write(self, folder, name, text, mode=0o644):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        os.utime(path, (self.stage.date, self.stage.date))

    def _fields(self, package, tree):
        return {
            "Depends": ", ".join([*self._libraries(package, tree), *package.depends.get("deb", [])]),
            "Recommends": ", ".join(package.recommends.get("deb", [])),
            "Section": "admin", "Priority": "optional", "Description": description(package.summary, package.description),
        }

    def _debug_fields(self, package):
        identity = self.stage.programs.build_id(next(iter(package.programs)))
        return {
            "Depends": f"{package.name} (= {self.stage.version})", "Section": "debug", "Priority": "optional",
            "Auto-Built-Package": "debug-symbols", "Build-Ids": identity,
            "Description": f"debug symbols for {package.name}",
        }

    def _libraries(self, package, tree):
        """What dpkg-shlibdeps finds, each with the oldest version that has all symbols which are used."""
        work = os.path.join(self.folder, package.name + ".shlibdeps")
        os.makedirs(work + "/debian", exist_ok=True)
        self._write(work + "/debian", "control", f"Source: master-target\n\nPackage: {package.name}\nArchitecture: any\n")
        program = f"-e{tree}/usr/bin/{next(iter(package.programs))}"
        output = run("dpkg-shlibdeps", "-O", "--warnings=0", program, cwd=work)
        found = re.search(r"(?m)^shlibs:Depends=(.+)$", output)
        if not found:
            raise PackagingError(f"dpkg-shlibdeps found no library that {package.name} needs, which cannot be.")
        return found.group(1).split(", ")

    def _script(self, package, name):
        with open(f"{ROOT}/packaging/deb/{name}", encoding="utf-8") as file:
            text = file.read()
        for word in ("CONFIGURE", "REMOVE", "PURGE"):
            lines = package.scripts.get(word, [])
            text = re.sub(rf"(?m)^( *)@{word}@\n", lambda found: "".join(
                found.group(1) + line + "\n" for line in lines), text)
        return (text.replace("@SERVICE@", package.service).replace("@STATE@", package.state)
                .replace("@PRIVATE@", package.state.replace("/var/lib/", "/var/lib/private/"))
                .replace(" What is in @ is filled in by scripts/package.", ""))


def description(summary, text):
    """man 5 deb-control, Description: a paragraph is ended by a line with a full stop."""
    parts = ["\n".join(" " + line for line in textwrap.wrap(part, 78)) for part in text.split("\n\n")]
    return summary + "\n" + "\n .\n".join(parts)


def md5(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
