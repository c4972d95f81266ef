# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""The copyright file of a package: its own licence, and that of every library which is in its programs.

Source: Debian Policy 12.5. What is linked is taken from the list of objects that the linker was given.
"""

import glob
import json
import os
import re

from catalogue import ROOT, PackagingError

APACHE = "The full text of the Apache License 2.0 is in {apache}."
RUNTIME = """\
The Swift runtime, its standard library and Foundation (https://www.swift.org, Swift {swift})

  Copyright Apple Inc. and the Swift project authors.
  Licensed under the Apache License 2.0 with Runtime Library Exception:

    As an exception, if you use this Software to compile your source code and
    portions of this Software are embedded into the binary product as a result,
    you may redistribute such product without providing attribution as would
    otherwise be required by Sections 4(a), 4(b) and 4(d) of the License.

  With it come, under the licences that they name:
  - libdispatch, Apache License 2.0 with Runtime Library Exception;
  - the Blocks runtime, Copyright 2008-2010 Apple Inc., MIT licence;
  - ICU, Copyright 1991-2024 Unicode, Inc., Unicode License v3
    (https://www.unicode.org/license.txt).
"""
LIBSTDCXX = """\
The GNU C++ library, libstdc++ (https://gcc.gnu.org)

  Copyright Free Software Foundation, Inc.
  Licensed under the GNU General Public License, version 3 or later, with the
  GCC Runtime Library Exception, version 3.1, which permits to convey programs
  that it is a part of under terms of one's choice. {gpl}
"""
# Targets whose folder has another name.
ELSEWHERE = {"SystemPackage": "swift-system", "ServiceContextModuleCompatibility": "swift-service-context"}
# What is vendored without a licence file of its own.
VENDORED = {
    "swift-nio-ssl": "It contains BoringSSL, Copyright The BoringSSL and OpenSSL authors, Apache License 2.0.",
    "swift-crypto": "It contains BoringSSL, Copyright The BoringSSL and OpenSSL authors, Apache License 2.0;\n"
                    "and parts of XKCP, the extended Keccak code package, by its designers, who put them into the\n"
                    "public domain (CC0).",
    "Yams": "It contains LibYAML, Copyright (c) 2006-2016 Kirill Simonov, Copyright (c) 2017-2020 Ingy döt Net,\n"
            "under the same licence.",
}


class Licences:
    """What is linked into programs, and under which terms.

    - built: the folder of the release build, with the lists of objects.
    """

    def __init__(self, built):
        self.built = built
        self.checkouts = sorted(glob.glob(os.path.join(ROOT, ".build/checkouts/*")))
        with open(os.path.join(ROOT, "Package.resolved"), encoding="utf-8") as file:
            pins = json.load(file)["pins"]
        self.pins = {pin["location"].rstrip("/").removesuffix(".git").split("/")[-1].lower(): pin for pin in pins}
        self.places = {}
        for checkout in self.checkouts:
            for folder in (*glob.glob(checkout + "/Sources/*/"), *glob.glob(checkout + "/*/")):
                self.places.setdefault(os.path.basename(folder[:-1]), checkout)
        for target, name in ELSEWHERE.items():
            self.places[target] = os.path.join(ROOT, ".build/checkouts", name)

    def linked(self, program):
        """The checkouts that objects of a program come from."""
        with open(os.path.join(self.built, program + ".product", "Objects.LinkFileList"), encoding="utf-8") as file:
            targets = set(re.findall(r"/([^/]+)\.build/", file.read()))
        found = set()
        for target in targets:
            if target in self.places:
                found.add(self.places[target])
            elif not any(os.path.isdir(os.path.join(ROOT, "Sources", name)) for name in (target, target.replace("_", "-"))):
                raise PackagingError(f"{program} has objects of {target}, and no checkout has such a target: "
                                     "name its licence in licences.py.")
        return found

    def text(self, package, swift, family):
        """The file, for a package of this family: Debian has common licences in one place."""
        places = {
            "deb": {"apache": "/usr/share/common-licenses/Apache-2.0",
                    "gpl": "Its text is in /usr/share/common-licenses/GPL-3."},
            "rpm": {"apache": f"/usr/share/licenses/{package.name}/LICENSE", "gpl": ""},
        }[family]
        parts = [
            "Master Target\n\n"
            "Copyright 2026 The Master Target authors\n\n"
            "Licensed under the Apache License, Version 2.0; you may not use it except in\n"
            "compliance with the License. Unless required by applicable law or agreed to in\n"
            "writing, software distributed under the License is distributed on an \"AS IS\"\n"
            "BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.\n"
            + APACHE.format(**places),
            "The programs contain the following libraries.",
            RUNTIME.format(swift=swift), LIBSTDCXX.format(**places),
        ]
        checkouts = set().union(*(self.linked(program) for program in package.programs))
        parts += [self._library(checkout, places) for checkout in sorted(checkouts, key=str.lower)]
        return ("\n" + "-" * 78 + "\n\n").join(part.strip() + "\n" for part in parts)

    def _library(self, checkout, places):
        name = os.path.basename(checkout)
        pin = self.pins.get(name.lower())
        if not pin:
            raise PackagingError(f"Package.resolved does not have {name}: swift package resolve.")
        text = f"{name} {pin['state'].get('version', pin['state']['revision'])} ({pin['location']})\n"
        files = sorted(
            path for pattern in ("", "/Sources/*") for kind in ("LICENSE*", "NOTICE*", "COPYING*")
            for path in glob.glob(checkout + pattern + "/" + kind))
        if not files:
            raise PackagingError(f"{name} has no file with its licence: name it in licences.py.")
        if name in VENDORED:
            text += "\n" + indented(VENDORED[name]) + "\n"
        for path in files:
            with open(path, encoding="utf-8") as file:
                content = file.read()
            if "Apache License" in content and "TERMS AND CONDITIONS FOR USE" in content:
                exception = " with Runtime Library Exception" if "Runtime Library Exception" in content else ""
                text += f"\n  Licensed under the Apache License 2.0{exception}.\n  {APACHE.format(**places)}\n"
            else:
                text += "\n" + indented(content.strip()) + "\n"
        return text


def indented(text):
    return "\n".join("  " + line.rstrip() if line.strip() else "" for line in text.split("\n"))
