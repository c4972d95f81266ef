# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""RPMs, from the staging tree, by rpmbuild: one specification for all. Source: rpm.org, "RPM Packaging" and "Macros"."""

import glob
import os
import re
import shutil
import textwrap
import time

from catalogue import PACKAGES, ROOT, changelog_author
from programs import run

# The same bytes every time; nothing is stripped, compressed or moved, because the tree is as it is to be.
HEAD = """\
%global debug_package %{{nil}}
%global __os_install_post %{{nil}}
%global _build_id_links none
%global _buildhost reproducible
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global source_date_epoch_from_changelog 0
%global _binary_payload w9.zstdio

Name: master-target
Version: {version}
Release: 1
Summary: {summary}
License: Apache-2.0
Group: System Environment/Daemons
Packager: {packager}
"""
# Soname and symbol versions are found by rpmbuild. A file's own programs are found, too, and the shell of scripts.
SCRIPTLETS = """
%post {option}
{configure}if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null 2>&1 || :
fi

%preun {option}
if [ "$1" -eq 0 ]; then
    systemctl --no-reload disable {service} >/dev/null 2>&1 || :
    if [ -d /run/systemd/system ]; then
        systemctl stop {service} >/dev/null 2>&1 || :
    fi
fi

%postun {option}
if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null 2>&1 || :
    # An upgrade: what runs goes on with the new program. It drains, and nothing that was acknowledged is lost.
    if [ "$1" -ge 1 ]; then
        systemctl try-restart {service} >/dev/null 2>&1 || :
    fi
fi
"""


class RedHatPackages:
    """Builds in `folder`, puts what is built into `output`."""

    def __init__(self, stage, folder, output):
        self.stage = stage
        self.folder = folder
        self.output = output

    def build(self, debug=True):
        """All packages, with those of debug symbols where they are wanted; their paths."""
        self.kinds = (False, True) if debug else (False,)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        specification = os.path.join(self.folder, "master-target.spec")
        with open(specification, "w", encoding="utf-8") as file:
            file.write(self._specification())
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(self.stage.date), "LC_ALL": "C.UTF-8"}
        run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {self.folder}", specification, env=environment)
        paths = []
        for built in sorted(glob.glob(f"{self.folder}/RPMS/*/*.rpm")):
            paths.append(os.path.join(self.output, os.path.basename(built)))
            os.replace(built, paths[-1])
        return paths

    def _specification(self):
        main = PACKAGES[0]
        text = HEAD.format(version=self.stage.version, summary=capital(main.summary), packager=changelog_author())
        text += requirements(main) + f"\n%description\n{wrapped(main.description)}\n"
        for package in PACKAGES:
            if package is not main:
                text += f"\n%package -n {package.name}\nSummary: {capital(package.summary)}\n"
                text += "Group: System Environment/Daemons\n" + requirements(package)
                text += f"\n%description -n {package.name}\n{wrapped(package.description)}\n"
            if True not in self.kinds:
                continue
            text += (f"\n%package -n {package.name}-debuginfo\nSummary: Debug symbols of {package.name}\n"
                     "Group: Development/Debug\n"
                     f"Requires: {package.name} = %{{version}}-%{{release}}\nAutoReqProv: no\n"
                     f"\n%description -n {package.name}-debuginfo\n"
                     f"What debuggers need to show the programs of {package.name} as they were written.\n")
        text += "\n%install\n" + "".join(self._install(package) for package in PACKAGES)
        for package in PACKAGES:
            text += self._scriptlets(package)
            text += "".join(self._files(package, debug) for debug in self.kinds)
        return text + "\n%changelog\n" + changelog()

    def _install(self, package):
        lines = []
        for debug in self.kinds:
            for entry in self.stage.of(package, "rpm", debug):
                lines.append(f"mkdir -p %{{buildroot}}/{os.path.dirname(entry.path)}")
                lines.append(f"cp -dp {self.stage.place(entry)} %{{buildroot}}/{entry.path}")
        return "\n".join(dict.fromkeys(lines)) + "\n"

    def _files(self, package, debug):
        name = package.name + ("-debuginfo" if debug else "")
        words = {"configuration": "%config(noreplace) ", "licence": "%license ", "documentation": "%doc "}
        lines = [f"\n%files -n {name}", "%defattr(-,root,root,-)"]
        entries = self.stage.of(package, "rpm", debug)
        lines += [words.get(entry.kind, "") + "/" + entry.path for entry in entries]
        lines += sorted({"%dir " + folder for entry in entries for folder in own_folders(entry.path)})
        return "\n".join(lines) + "\n"

    def _scriptlets(self, package):
        configure = "".join(
            line.removesuffix(" || true") + " >/dev/null 2>&1 || :\n" for line in package.scripts.get("CONFIGURE", []))
        return SCRIPTLETS.format(option=f"-n {package.name}", service=package.service, configure=configure)


def own_folders(path):
    """Folders above a file that no other package is sure to have."""
    folder = os.path.dirname(path)
    while folder:
        if re.search(r"/(doc|licenses)/[^/]+|^etc/master-target$|^usr/share/master-target|^usr/lib/debug/\.build-id/",
                     folder):
            yield "/" + folder
        folder = os.path.dirname(folder)


def requirements(package):
    lines = [f"Requires: {name}" for name in package.depends.get("rpm", [])]
    lines += [f"Recommends: {name}" for name in package.recommends.get("rpm", [])]
    return "".join(line + "\n" for line in lines)


def capital(text):
    return text[0].upper() + text[1:]


def wrapped(text):
    return "\n\n".join(textwrap.fill(part, 78) for part in text.split("\n\n"))


def changelog():
    """Debian's form into RPM's, which has no hours."""
    with open(f"{ROOT}/packaging/changelog", encoding="utf-8") as file:
        text = file.read()
    entries = re.findall(r"(?ms)^\S+ \((\S+?)\).*?\n\n(.*?)\n\n -- (.+?>)  (.+?)$", text)
    lines = []
    for version, changes, author, date in entries:
        day = time.strptime(date[:16], "%a, %d %b %Y")
        lines.append(f"* {time.strftime('%a %b %d %Y', day)} {author} - {version}-1")
        for change in re.split(r"\n  \* ", "\n" + changes.strip("\n"))[1:]:
            lines.append("- " + " ".join(change.split()))
        lines.append("")
    return "\n".join(lines)
