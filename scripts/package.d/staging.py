# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The staging tree: everything that any package has, where it is to be on a machine."""

import gzip
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from catalogue import PACKAGES, ROOT, PackagingError
from licences import Licences
from manpages import ConfigurationPage, ProgramPage

FAMILIES = ("deb", "rpm")
# Where each shell looks for completions: shell, place, families. zsh's own folder is the distribution's choice.
COMPLETIONS = [
    ("bash", "usr/share/bash-completion/completions/{}", FAMILIES),
    ("fish", "usr/share/fish/vendor_completions.d/{}.fish", FAMILIES),
    ("zsh", "usr/share/zsh/vendor-completions/_{}", ("deb",)),
    ("zsh", "usr/share/zsh/site-functions/_{}", ("rpm",)),
]


@dataclass(frozen=True)
class Entry:
    """A file of the tree, and who has it."""

    path: str
    package: str
    families: tuple = FAMILIES
    kind: str = "file"  # file, link, program, configuration, licence, documentation, manual, debug


class Stage:
    """The tree in `folder`, made anew, with every time as of `date`."""

    def __init__(self, folder, programs, version, date, remark=""):
        """remark: a comment in the configuration files, by which a version differs from another."""
        self.remark = remark
        self.folder = folder
        self.programs = programs
        self.version = version
        self.date = date
        self.entries = []

    def of(self, package, family, debug=False):
        return sorted((entry for entry in self.entries if entry.package == package.name and family in entry.families
                       and (entry.kind == "debug") == debug), key=lambda entry: entry.path)

    def place(self, entry):
        return os.path.join(self.folder, entry.path)

    def make(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        licences = Licences(self.programs.built)
        swift = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
        swift = swift.partition("Swift version ")[2].split()[0]
        for package in PACKAGES:
            self._programs(package)
            self._files(package)
            self._manuals(package)
            self._completions(package)
            self._documents(package, licences, swift)
        self._timestamps()

    # MARK: what is in it

    def _programs(self, package):
        name, *others = package.programs
        self._copy(package, "usr/bin/" + name, self.programs.path(name), 0o755, kind="program")
        self._copy(package, self.programs.debug_file(name), self.programs.debug_path(name), kind="debug")
        for other in others:
            os.symlink(name, os.path.join(self.folder, "usr/bin", other))
            self.entries.append(Entry("usr/bin/" + other, package.name, kind="link"))

    def _files(self, package):
        self._copy(package, "usr/lib/systemd/system/" + package.service, f"{ROOT}/systemd/{package.service}")
        with open(f"{ROOT}/packaging/{package.configuration}", "rb") as file:
            self._write(package, "etc/master-target/" + package.configuration, file.read() + self.remark.encode(),
                        kind="configuration")
        for path, source in package.files.items():
            source = os.path.join(ROOT, source)
            kind = "documentation" if path.startswith("usr/share/doc/") else "file"
            if os.path.isdir(source):
                for folder, _, names in os.walk(source):
                    for name in names:
                        inner = os.path.relpath(os.path.join(folder, name), source)
                        self._copy(package, os.path.join(path, inner), os.path.join(folder, name), kind=kind)
            elif os.path.exists(source):
                self._copy(package, path, source, kind=kind)
            elif source.startswith(ROOT + "/systemd/"):
                raise PackagingError(f"{source} is to be in {package.name} and is not there.")

    def _manuals(self, package):
        for name, section in package.programs.items():
            page = ProgramPage(name, section, self.programs.path(name), self.version, self.date)
            self._compressed(package, f"usr/share/man/man{section}/{name}.{section}.gz", page.text(), kind="manual")
        with open(f"{ROOT}/packaging/{package.configuration}", encoding="utf-8") as file:
            page = ConfigurationPage(package.configuration, next(iter(package.programs)), file.read(), self.version,
                                     self.date)
        self._compressed(package, f"usr/share/man/man5/{package.configuration}.5.gz", page.text(), kind="manual")

    def _completions(self, package):
        for name in package.commands:
            for shell, place, families in COMPLETIONS:
                script = subprocess.run([self.programs.path(name), "--generate-completion-script", shell],
                                        capture_output=True, text=True, check=True).stdout
                # It is read by a shell that runs, and not a program.
                script = re.sub(r"\A#!.*\n", "", script)
                self._write(package, place.format(name), script.encode(), families)

    def _documents(self, package, licences, swift):
        documents = f"usr/share/doc/{package.name}/"
        self._write(package, documents + "copyright", licences.text(package, swift, "deb").encode(), ("deb",),
                    "documentation")
        with open(f"{ROOT}/packaging/changelog", encoding="utf-8") as file:
            self._compressed(package, documents + "changelog.gz", file.read(), ("deb",), "documentation")
        terms = f"usr/share/licenses/{package.name}/"
        self._write(package, terms + "copyright", licences.text(package, swift, "rpm").encode(), ("rpm",), "licence")
        self._copy(package, terms + "LICENSE", f"{ROOT}/packaging/LICENSE", families=("rpm",), kind="licence")
        overrides = ""
        for name in ("lintian-overrides", package.name + ".lintian-overrides"):
            if os.path.exists(f"{ROOT}/packaging/deb/{name}"):
                with open(f"{ROOT}/packaging/deb/{name}", encoding="utf-8") as file:
                    overrides += file.read()
        self._write(package, "usr/share/lintian/overrides/" + package.name, overrides.encode(), ("deb",))

    # MARK: writing

    def _add(self, package, path, mode, families, kind):
        os.chmod(os.path.join(self.folder, path), mode)
        self.entries.append(Entry(path, package.name, tuple(families), kind))

    def _write(self, package, path, content, families=FAMILIES, kind="file"):
        place = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(content)
        self._add(package, path, 0o644, families, kind)

    def _compressed(self, package, path, text, families=FAMILIES, kind="file"):
        """gzip without a name and a time, so that it is the same every time."""
        self._write(package, path, gzip.compress(text.encode(), 9, mtime=0), families, kind)

    def _copy(self, package, path, source, mode=0o644, families=FAMILIES, kind="file"):
        place = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copyfile(source, place)
        self._add(package, path, mode, families, kind)

    def _timestamps(self):
        for folder, folders, names in os.walk(self.folder, topdown=False):
            for name in names + folders:
                os.utime(os.path.join(folder, name), (self.date, self.date), follow_symlinks=False)
            os.chmod(folder, 0o755)
