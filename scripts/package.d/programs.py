# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The programs as they are shipped: with the Swift runtime in them, and their debug symbols in files of their own.

They are linked from the very objects of the release build, which the tests and the demo run: nothing is compiled again.
Programs of one package are one file with several names, because nearly all of each is in the other too.
"""

import os
import re
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from catalogue import HERE, PACKAGES, ROOT, PackagingError

# What the targets of Package.swift link besides Swift; who needs none of one is not linked with it.
SYSTEM_LIBRARIES = ("blkid", "udev", "mount", "lz4", "pq", "sqlite3", "z", "m")
# What the static Foundation is made of. Objects that were compiled against the shared one do not name it.
FOUNDATION_PARTS = ("CoreFoundation", "_FoundationCShims", "_FoundationCollections", "_FoundationICU", "_CFXMLInterface")
# Functions of libm that glibc 2.35 gave a new version, only for what they do to errno: see older_glibc.c.
WRAPPED = ("hypot", "hypotf")

# Enterprise Linux 9: glibc 2.34, and the libstdc++ of GCC 11, though none of it should be needed.
NEWEST = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11,)}
# SQLite 3.34 of Enterprise Linux 9 does not have these; man: https://sqlite.org/c3ref/funclist.html and its changes.
TOO_NEW = re.compile(
    r"^sqlite3_(changes64|total_changes64|autovacuum_pages|vtab_distinct|vtab_in\w*|vtab_rhs_value|error_offset|db_name|"
    r"is_interrupted|stmt_explain|get_clientdata|set_clientdata|setlk_timeout)$")
PERMITTED_LIBRARIES = re.compile(
    r"^(lib(c|m|gcc_s|blkid|udev|mount|lz4|pq|sqlite3|z)\.so\.\d+|ld-linux-[\w-]+\.so\.\d)$")


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise PackagingError(f"{' '.join(command[:3])} … failed:\n{(result.stderr or result.stdout)[-4000:]}")
    return result.stdout


class Programs:
    """Linked and stripped programs in `folder`, with links for further names, and their debug symbols beside them."""

    def __init__(self, built, folder):
        self.built = built
        self.folder = folder
        self.work = os.path.join(folder, "link")

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self):
        os.makedirs(self.work, exist_ok=True)
        self._prepare()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda package: self._make(list(package.programs)), PACKAGES))

    # MARK: linking

    def _prepare(self):
        """A folder in which the linker finds libstdc++ only as an archive, and what programs export."""
        self.archives = os.path.join(self.work, "archives")
        shutil.rmtree(self.archives, ignore_errors=True)
        os.makedirs(self.archives)
        archive = run("clang", "--print-file-name=libstdc++.a").strip()
        if not os.path.isabs(archive):
            raise PackagingError("There is no libstdc++.a: install it with scripts/setup --package.")
        os.symlink(os.path.realpath(archive), os.path.join(self.archives, "libstdc++.a"))
        # Programs export nothing; the static Swift runtime would have all of it exported, and so kept.
        self.exports = os.path.join(self.work, "exports.map")
        with open(self.exports, "w", encoding="ascii") as file:
            file.write("{ local: *; };\n")

    def _make(self, names):
        name, linked = names[0], os.path.join(self.work, names[0])
        objects = self._objects(names)
        sources = [path for path in (*objects, *(os.path.join(HERE, name) for name in os.listdir(HERE)))]
        if not os.path.exists(linked) or os.path.getmtime(linked) < max(map(os.path.getmtime, sources)):
            run(*self._link_command(names, objects, linked + ".new"), cwd=ROOT)
            os.rename(linked + ".new", linked)
        self._check(name, linked)
        self._split(name, linked)
        for other in names[1:]:
            if not os.path.lexists(self.path(other)):
                os.symlink(name, self.path(other))

    def _objects(self, names):
        objects = {}
        for name in names:
            place = os.path.join(self.built, f"{name}.product", "Objects.LinkFileList")
            if not os.path.exists(place):
                raise PackagingError(f"{name} is not built: swift build --configuration release.")
            with open(place, encoding="utf-8") as file:
                # Each is quoted where it has to be, as a shell would.
                objects.update(dict.fromkeys(shlex.split(file.read())))
        return list(objects)

    def _link_command(self, names, objects, output):
        def linker(*arguments):
            return [part for argument in arguments for part in ("-Xlinker", argument)]
        module = names[0].replace("-", "_")
        if len(names) > 1:
            objects = self._distinct(names[1:], objects) + [self._compiled("several_names.c", output)]
            entry = []
        else:
            entry = linker("--defsym", f"main={module}_main")
        objects = objects + [self._compiled("older_glibc.c", output)]
        with open(output + ".objects", "w", encoding="utf-8") as file:
            file.write("".join(shlex.quote(path) + "\n" for path in objects))
        return [
            "swiftc", "-emit-executable", "-module-name", module, "-o", output, "-static-stdlib", "-use-ld=lld",
            "-L", self.archives, f"@{output}.objects", *entry,
            *linker("--gc-sections", "--icf=safe", f"--version-script={self.exports}"),
            *linker("-z", "relro", "-z", "now", "--build-id=sha1", *(f"--wrap={symbol}" for symbol in WRAPPED)),
            *(f"-l{library}" for library in FOUNDATION_PARTS),
            *linker("--as-needed", *(f"-l{library}" for library in SYSTEM_LIBRARIES), "--no-as-needed"),
        ]

    def _compiled(self, source, output):
        place = f"{output}.{source}.o"
        run("clang", "-c", "-O2", "-fPIC", "-o", place, os.path.join(HERE, source))
        return place

    def _distinct(self, names, objects):
        """Gives the thunks around each program's asynchronous main names of their own.

        The compiler gives them one name in all modules, and the linker would take the first program's for all.
        """
        result = []
        for path in objects:
            folder = os.path.basename(os.path.dirname(path))
            if folder.removesuffix(".build") in names and "async_Main" in (symbols := run("nm", path)):
                name = folder.removesuffix(".build")
                renamed = os.path.join(self.work, f"{name}.{os.path.basename(path)}")
                thunks = sorted({word for word in symbols.split() if "10async_Main" in word})
                run("objcopy", *(f"--redefine-sym={thunk}={thunk}.{name}" for thunk in thunks), path, renamed)
                path = renamed
            result.append(path)
        return result

    # MARK: what they need

    def _check(self, name, program):
        """Nothing newer than what the oldest system that is supported has."""
        dynamic = run("readelf", "--dynamic", "--wide", program)
        for library in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
            if not PERMITTED_LIBRARIES.match(library):
                raise PackagingError(f"{name} needs {library}, which a plain system does not have: link it statically.")
        if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
            raise PackagingError(f"{name} has a run path, which names folders of the machine that built it.")
        for symbol, version in undefined_symbols(program):
            family, _, number = version.rpartition("_")
            if family in NEWEST and tuple(map(int, number.split("."))) > NEWEST[family]:
                raise PackagingError(
                    f"{name} needs {symbol}@{version}, and Enterprise Linux 9 ends with "
                    f"{family}_{'.'.join(map(str, NEWEST[family]))}: see older_glibc.c.")
            if TOO_NEW.match(symbol):
                raise PackagingError(f"{name} needs {symbol}, which the SQLite of Enterprise Linux 9 does not have.")

    # MARK: debug symbols

    def build_id(self, name):
        return re.search(r"Build ID: ([0-9a-f]{40})", run("readelf", "--notes", "--wide", self.path(name))).group(1)

    def debug_file(self, name):
        """Where debuggers look for it, on every distribution."""
        identity = self.build_id(name)
        return f"usr/lib/debug/.build-id/{identity[:2]}/{identity[2:]}.debug"

    def debug_path(self, name):
        return os.path.join(self.folder, name + ".debug")

    def _split(self, name, linked):
        modified = os.path.getmtime(linked)
        if os.path.exists(self.debug_path(name)) and os.path.getmtime(self.debug_path(name)) >= modified:
            return
        run("objcopy", "--only-keep-debug", "--compress-debug-sections", linked, self.debug_path(name) + ".new")
        run("strip", "--strip-all", "--remove-section=.comment", "--remove-section=.note", "-o", self.path(name), linked)
        os.chmod(self.path(name), 0o755)
        os.chmod(self.debug_path(name) + ".new", 0o644)
        os.rename(self.debug_path(name) + ".new", self.debug_path(name))


def undefined_symbols(program):
    """(symbol, version) of all that a program takes from shared libraries."""
    for line in run("objdump", "--dynamic-syms", program).splitlines():
        if "*UND*" in line and (found := re.search(r"\((\w+_[\d.]+)\)\s+(\S+)$", line)):
            yield found.group(2), found.group(1)
        elif "*UND*" in line:
            yield line.split()[-1], ""
