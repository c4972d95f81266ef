# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The packages in use: installed from files alone, upgraded, removed and purged in root filesystems made for that.

No service runs there, because systemd does not; what services do is for scripts/appliance-test.
"""

import glob
import os
import re
import shutil
import subprocess
import time

from catalogue import PACKAGES, PackagingError

# What the packages depend on, on Debian; the rest of a root filesystem comes with it.
INCLUDED = ("systemd", "udev", "multipath-tools", "xfsprogs", "lsscsi", "kmod", "libpq5", "libsqlite3-0", "liblz4-1",
            "libmount1", "libblkid1", "libudev1", "zsh", "fish")
EXCLUDED = ("man", "doc", "locale", "i18n")
NAMES = [package.name for package in PACKAGES]


class Trial:
    """Root filesystems in `folder`, which are gone at the end."""

    def __init__(self, folder, count):
        if os.geteuid() != 0:
            raise PackagingError("The packages are tried in root filesystems of their own: run --test as root.")
        self.folder = folder
        self.count = count
        self.cache = os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "master-target")
        self.mounted = []

    def __enter__(self):
        self._clear()
        os.makedirs(self.folder)
        base = self._base()
        self.base = os.path.join(self.folder, "base")
        os.makedirs(self.base)
        self._do("tar", "--extract", "--file", base, "--directory", self.base)
        # What was left out of the distribution's packages is not to be left out of ours.
        os.remove(os.path.join(self.base, "etc/dpkg/dpkg.cfg.d/99mmdebstrap"))
        return self

    def _base(self):
        """A root filesystem of this distribution, kept for some days."""
        place = os.path.join(self.cache, "package-root.tar")
        wanted = place + ".contents"
        contents = " ".join((*INCLUDED, *(f"-{folder}" for folder in EXCLUDED)))
        if (os.path.exists(place) and os.path.exists(wanted) and time.time() - os.path.getmtime(place) < 14 * 86400
                and open(wanted, encoding="utf-8").read() == contents):
            return place
        os.makedirs(self.cache, exist_ok=True)
        # The packages come from where this machine gets its own.
        sources = [path for path in ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]
                   if path.endswith((".list", ".sources")) and os.path.exists(path) and os.path.getsize(path)]
        with open("/etc/os-release", encoding="utf-8") as file:
            codename = re.search(r"(?m)^VERSION_CODENAME=(\w+)", file.read()).group(1)
        self._do("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=tar",
                 *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in EXCLUDED),
                 "--dpkgopt=force-unsafe-io", '--aptopt=APT::Install-Recommends "false"',
                 "--include=" + ",".join(INCLUDED), codename, place + ".new", *sources)
        os.rename(place + ".new", place)
        with open(wanted, "w", encoding="utf-8") as file:
            file.write(contents)
        return place

    def __exit__(self, *_):
        self._clear()

    def _clear(self):
        for place in reversed(self.mounted):
            subprocess.run(["umount", place], check=True)
        self.mounted = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def _do(self, *command, **options):
        result = subprocess.run(command, capture_output=True, text=True, **options)
        if result.returncode != 0:
            raise PackagingError(f"{' '.join(command[:4])} … ended with {result.returncode}:\n{result.stderr[-2000:]}")
        return result.stdout

    def _mount(self, kind, inside):
        place = self.path(inside)
        os.makedirs(place, exist_ok=True)
        self._do("mount", "-t", kind, "none", place)
        self.mounted.append(place)

    # MARK: one family

    def run(self, family, older, newer):
        self.root = os.path.join(self.folder, family)
        self._do("cp", "--archive", "--reflink=auto", self.base, self.root)
        # Programs find their arguments there.
        self._mount("proc", "/proc")
        packages = {"deb": Deb, "rpm": Rpm}[family](self, [
            [path for path in paths if path.endswith("." + family) and not re.search("-dbgsym_|-debuginfo-", path)]
            for paths in (older, newer)])
        packages.install()
        self._check_installed(packages, "0.0.1")
        self._use()
        packages.upgrade()
        self._check_upgraded(packages)
        packages.remove()
        self._check_removed(packages)
        if packages.can_purge:
            packages.install_again()
            self.check("what was enabled before it was removed is enabled again", self._enabled() == "enabled")
            packages.purge()
            self._check_purged()

    def check(self, what, holds, why=""):
        return self.count.check(what, holds, why)

    def path(self, inside):
        return os.path.join(self.root, inside.lstrip("/"))

    def exists(self, inside):
        return os.path.lexists(self.path(inside))

    def read(self, inside):
        with open(self.path(inside), encoding="utf-8") as file:
            return file.read()

    def write(self, inside, text):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        with open(self.path(inside), "w", encoding="utf-8") as file:
            file.write(text)

    def inside(self, *command):
        """A command in the root filesystem: (status, output with errors)."""
        result = subprocess.run(["timeout", "120", "chroot", self.root, *command], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        return result.returncode, result.stdout

    def _enabled(self):
        return self.inside("systemctl", "is-enabled", "mastertargetd.service")[1].strip()

    # MARK: what has to hold

    def _check_installed(self, packages, version):
        self.check(f"the packages are installed, as version {version}", packages.versions() == {version})
        status, output = packages.verified()
        self.check("every file is as in its package", status == 0 and not output, output)
        for package in PACKAGES:
            for program, section in package.programs.items():
                status, output = self.inside(program, "--version")
                self.check(f"{program} runs", status == 0 and re.fullmatch(r"\d+\.\d+\.\d+\n", output), output)
                self.check(f"{program} has a manual page",
                           self.exists(f"/usr/share/man/man{section}/{program}.{section}.gz"))
            status, output = self.inside("systemd-analyze", "verify", "--man=no", package.service)
            self.check(f"systemd takes {package.service}", status == 0 and not output.strip(), output)
            state = self.inside("systemctl", "is-enabled", package.service)[1].strip()
            self.check(f"{package.service} is not enabled", state == "disabled", state)
            for command in package.commands:
                self._check_completions(command)
        status, output = self.inside("mastertargetd", "--check")
        self.check("mastertargetd takes the configuration", status == 0, output)
        self.check("there is the group mastertarget", re.search(r"(?m)^mastertarget:", self.read("/etc/group")))
        mode = os.stat(self.path("/var/lib/master-target")).st_mode & 0o7777
        self.check("the state folder is root's alone", mode == 0o700, oct(mode))
        self.check("there is a folder to mount the retention volume on", os.path.isdir(self.path("/mnt/retention")))
        rules = self.path("/usr/lib/udev/rules.d/70-master-target.rules")
        self.check("there is a udev rule", os.path.exists(rules))

    def _check_completions(self, command):
        for shell, place in (("bash", f"/usr/share/bash-completion/completions/{command}"),
                             ("zsh", next((p for p in (f"/usr/share/zsh/vendor-completions/_{command}",
                                                       f"/usr/share/zsh/site-functions/_{command}") if self.exists(p)), "")),
                             ("fish", f"/usr/share/fish/vendor_completions.d/{command}.fish")):
            status, output = self.inside(shell, "-n", place)
            self.check(f"{shell} reads the completions of {command}", place and status == 0, output)

    def _use(self):
        """What an administrator and the agent would leave."""
        self._do("chroot", self.root, "systemctl", "enable", "mastertargetd.service")
        self.configured = self.read("/etc/master-target/master-target.yaml") + "replication:\n  port: 19443\n"
        self.write("/etc/master-target/master-target.yaml", self.configured)
        for package in PACKAGES:
            self.write(f"{package.state}/kept", "state")
        self.write("/mnt/retention/history", "history")
        self.write("/etc/udev/rules.d/59-master-target.rules", "# a bound disk\n")
        # Something that is mounted below the state folder belongs to somebody else.
        self._mount("tmpfs", "/var/lib/master-target/elsewhere")
        self.write("/var/lib/master-target/elsewhere/kept", "not ours")

    def _check_kept(self):
        for package in PACKAGES:
            self.check(f"the state in {package.state} is kept", self.exists(f"{package.state}/kept"))
        self.check("the retention volume is kept", self.exists("/mnt/retention/history"))

    def _check_upgraded(self, packages):
        version = packages.versions()
        self.check("the packages are upgraded", len(version) == 1 and version != {"0.0.1"}, version)
        self._check_kept()
        self.check("the configuration that was changed is kept",
                   self.read("/etc/master-target/master-target.yaml") == self.configured)
        self.check("the new one lies beside it",
                   "older version" not in self.read("/etc/master-target/master-target.yaml" + packages.new_suffix))
        self.check("one that was not changed is the new one",
                   "older version" not in self.read("/etc/master-target/process-server.yaml"))
        self.check("what was enabled is enabled", self._enabled() == "enabled")
        status, output = self.inside("mastertargetd", "--check")
        self.check("mastertargetd takes the configuration", status == 0, output)

    def _check_removed(self, packages):
        for package in PACKAGES:
            for program in package.programs:
                self.check(f"{program} is gone", not self.exists("/usr/bin/" + program))
        left = subprocess.run(["find", self.path("/usr"), "-ipath", "*master*target*", "-o", "-name", "mt-process*", "-o",
                               "-name", "mt-configuration*"], capture_output=True, text=True).stdout
        self.check("nothing is left in /usr", not left, left)
        self._check_kept()
        self.check("the configuration is kept",
                   self.read("/etc/master-target/master-target.yaml" + packages.saved_suffix) == self.configured)

    def _check_purged(self):
        for package in PACKAGES[1:]:
            self.check(f"{package.state} is gone", not self.exists(package.state))
        left = sorted(os.listdir(self.path("/var/lib/master-target")))
        self.check("the state is gone, but for what is mounted there", left == ["elsewhere"], left)
        self.check("what is mounted there is kept", self.exists("/var/lib/master-target/elsewhere/kept"))
        self.check("the retention volume is kept", self.exists("/mnt/retention/history"))
        self.check("the configuration is gone", not glob.glob(self.path("/etc/master-target/*.yaml*")))
        self.check("the rules for bound disks are gone", not self.exists("/etc/udev/rules.d/59-master-target.rules"))
        links = glob.glob(self.path("/etc/systemd/system/*/mastertargetd.service"))
        self.check("nothing is enabled any more", not links, links)


class Packages:
    """The packages of one family in a trial's root filesystem."""

    can_purge = False

    def __init__(self, trial, paths):
        self.trial = trial
        self.older, self.newer = paths
        for kind, files in (("older", self.older), ("newer", self.newer)):
            os.makedirs(trial.path(f"/packages/{kind}"))
            for path in files:
                shutil.copy(path, trial.path(f"/packages/{kind}/"))

    def files(self, kind):
        return [f"/packages/{kind}/{os.path.basename(path)}" for path in getattr(self, kind)]

    def do(self, what, *command):
        status, output = self.run(*command)
        self.trial.check(what, status == 0, output[-2000:])


class Deb(Packages):
    can_purge = True
    new_suffix = ".dpkg-dist"
    saved_suffix = ""

    def run(self, *command):
        return self.trial.inside("env", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command)

    def install(self):
        self.do("the packages are installed from their files", "dpkg", "--install", *self.files("older"))

    def upgrade(self):
        self.do("they are upgraded", "dpkg", "--force-confold", "--install", *self.files("newer"))

    def remove(self):
        self.do("they are removed", "dpkg", "--remove", *NAMES)

    def install_again(self):
        self.do("they are installed again", "dpkg", "--force-confold", "--install", *self.files("newer"))

    def purge(self):
        self.do("they are purged", "dpkg", "--purge", *NAMES)

    def versions(self):
        return set(self.run("dpkg-query", "--show", "--showformat=${Version}\n", *NAMES)[1].split())

    def verified(self):
        return self.run("dpkg", "--verify", *NAMES)


class Rpm(Packages):
    new_suffix = ".rpmnew"
    saved_suffix = ".rpmsave"

    def run(self, *command):
        """rpm of this machine, on the root filesystem; scriptlets run inside."""
        # Debian's libraries are not in RPM's database. What the programs need is looked at before they are packed.
        result = subprocess.run(["rpm", f"--root={self.trial.root}", "--dbpath=/var/lib/rpm", *command],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output = "\n".join(line for line in result.stdout.splitlines() if not line.startswith(("rpm: ", "warning: /etc")))
        # A scriptlet that fails is a warning.
        return result.returncode or int("scriptlet failed" in output), output

    def outside(self, kind):
        return [self.trial.path(path) for path in self.files(kind)]

    def install(self):
        self.do("the packages are installed from their files", "--install", "--nodeps", "--force-debian",
                *self.outside("older"))

    def upgrade(self):
        self.do("they are upgraded", "--upgrade", "--nodeps", "--force-debian", *self.outside("newer"))

    def remove(self):
        self.do("they are removed", "--erase", *NAMES)

    def versions(self):
        return set(self.run("--query", "--queryformat", "%{VERSION}\n", *NAMES)[1].split())

    def verified(self):
        return self.run("--verify", "--nodeps", *NAMES)
