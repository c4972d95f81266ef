# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Manual pages, written from what the programs say of themselves and from the commented configuration files.

Source: man 7 man; the JSON of swift-argument-parser's --experimental-dump-help, serialization version 0.
"""

import json
import re
import subprocess
import time

# What a program's own help does not say. Each is (heading, [(term, text)]).
SERVICE_STATUS = ("EXIT STATUS", [
    ("0", "Done, or stopped in order."),
    ("1", "Refused or failed, with a sentence on standard error."),
    ("2", "Wrong usage."),
])
MORE = {
    "mastertargetd": [
        SERVICE_STATUS,
        ("FILES", [
            ("/etc/master-target/master-target.yaml", "The settings: see master-target.yaml(5)."),
            ("/var/lib/master-target", "Records of groups, jobs and disks, the keys, the registration."),
            ("/mnt/retention", "The retention volume, with the history of every group."),
            ("/run/master-target/control.sock", "The socket of mtctl, for root and the group mastertarget."),
            ("/etc/udev/rules.d/59-master-target.rules, 61-master-target.rules",
             "Written by the agent when a disk is bound or released; they keep udev and what follows it off bound disks."),
        ]),
        ("SIGNALS", [("SIGTERM, SIGINT", "Ends sessions, makes everything durable, and ends.")]),
    ],
    "mtctl": [
        ("EXIT STATUS", [
            ("0", "Done."), ("1", "Refused or failed, with a sentence on standard error."), ("2", "Wrong usage."),
            ("0, 1, 2, 3", "Of mtctl health: ok, warning, critical, unknown."),
        ]),
        ("ENVIRONMENT", [("NO_COLOR", "Output has no colours, as when it does not go to a terminal.")]),
    ],
    "mt-process-server": [
        SERVICE_STATUS,
        ("FILES", [
            ("/etc/master-target/process-server.yaml", "The settings of run: see process-server.yaml(5)."),
            ("/var/lib/mt-process-server", "The registration, positions and digests."),
        ]),
    ],
    "mt-configuration-server": [
        SERVICE_STATUS,
        ("FILES", [
            ("/etc/master-target/configuration-server.yaml", "The settings: see configuration-server.yaml(5)."),
            ("/var/lib/master-target-configuration", "The authority's key and, with sqlite, the inventory."),
        ]),
    ],
}
SEE_ALSO = ["mastertargetd(8)", "mtctl(1)", "mt-process-server(8)", "mt-configuration-server(8)",
            "master-target.yaml(5)", "process-server.yaml(5)", "configuration-server.yaml(5)"]


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("“", '"').replace("”", '"')
    # A full stop or an apostrophe at the beginning of a line would be a request.
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def quoted(text):
    return '"' + escape(text).replace('"', '\\(dq') + '"'


def paragraphs(text):
    """Paragraphs; lines that are indented are examples and stay lines."""
    lines = []
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        lines.append(".PP")
        if all(line.startswith(" ") for line in part.split("\n")):
            lines += [".nf", *(escape(line) for line in part.split("\n")), ".fi"]
        else:
            lines.append(escape(" ".join(part.split())))
    return lines


class ProgramPage:
    """The page of one program, with all its commands."""

    def __init__(self, name, section, path, version, date):
        self.name, self.section, self.version, self.date = name, section, version, date
        dump = subprocess.run([path, "--experimental-dump-help"], capture_output=True, text=True, check=True).stdout
        self.command = json.loads(dump)["command"]

    def text(self):
        command = self.command
        lines = head(self.name, self.section, self.version, self.date, command["abstract"])
        lines += [".SH SYNOPSIS", *self._synopsis(self.name, command)]
        lines += [".SH DESCRIPTION", *paragraphs(command["abstract"])]
        lines += paragraphs(command["discussion"]) if command.get("discussion") else []
        lines += [".SH OPTIONS", *self._options(command)]
        commands = list(self._commands(self.name, command))
        if commands:
            lines.append(".SH COMMANDS")
        for name, found in commands:
            lines += [f".SS {quoted(name)}", escape(found["abstract"])]
            lines += paragraphs(found["discussion"]) if found.get("discussion") else []
            if not found.get("subcommands"):
                lines += [".PP", *self._synopsis(name, found), *self._options(found)]
        for heading, entries in MORE[self.name]:
            lines.append(f".SH {quoted(heading)}")
            for term, meaning in entries:
                lines += [".TP", f".B {quoted(term)}", escape(meaning)]
        return "\n".join(lines + see_also(f"{self.name}({self.section})")) + "\n"

    def _commands(self, name, command):
        for found in command.get("subcommands", []):
            if found["commandName"] == "help" or not found.get("shouldDisplay", True):
                continue
            full = f"{name} {found['commandName']}"
            yield full, found
            yield from self._commands(full, found)

    def _shown(self, command):
        """Its arguments, without those that every command has: they are said once."""
        shown = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]
        if command is not self.command:
            shown = [argument for argument in shown if argument["valueName"] not in ("help", "version")]
        return shown

    def _synopsis(self, name, command):
        if command.get("subcommands"):
            words = ["\\fICOMMAND\\fR", "\\&..."]
        else:
            words = []
            for argument in self._shown(command):
                word = self._form(argument, short=True) + (" ..." if argument["isRepeating"] else "")
                words.append(f"[{word}]" if argument["isOptional"] else word)
        return [f".B {escape(name)}", *words]

    @staticmethod
    def _form(argument, short=False):
        value = f"\\fI{escape(argument.get('valueName', 'value'))}\\fR"
        if argument["kind"] == "positional":
            return value
        names = []
        for name in argument["names"]:
            dashes = "--" if name["kind"] == "long" else "-"
            names.append(f"\\fB{escape(dashes + name['name'])}\\fR")
        if short:
            preferred = argument["preferredName"]
            names = [f"\\fB{escape(('--' if preferred['kind'] == 'long' else '-') + preferred['name'])}\\fR"]
        return ", ".join(names) + ("" if argument["kind"] == "flag" else f" {value}")

    def _options(self, command):
        lines = []
        for argument in self._shown(command):
            lines += [".TP", self._form(argument)]
            words = argument.get("abstract", "")
            if argument.get("discussion"):
                words += " " + argument["discussion"]
            if argument.get("allValues"):
                words += f" One of {', '.join(argument['allValues'])}."
            if argument.get("defaultValue") and argument["kind"] != "flag":
                words += f" (default: {argument['defaultValue']})"
            lines.append(escape(" ".join(words.split())) or "\\&")
        return lines


class ConfigurationPage:
    """The page of a configuration file, whose comments say everything."""

    def __init__(self, name, program, text, version, date):
        self.name, self.program, self.version, self.date = name, program, version, date
        self.prose, self.settings = self._read(text)

    @staticmethod
    def _read(text):
        """The prose at the beginning, and (key, value or None for a section, prose) of every setting."""
        prose, settings, comment, sections = None, [], [], []
        for line in text.split("\n"):
            indent = len(line) - len(line.lstrip())
            rest = line.strip()
            if rest.startswith("# ") or rest == "#":
                comment.append(rest[2:])
                continue
            if prose is None:
                # Without the two lines of the licence.
                prose, comment = "\n".join(comment[2:]).strip(), []
            if not rest:
                comment = []
                continue
            setting = rest.removeprefix("#")
            if setting.startswith("- "):
                key, _, _ = settings[-1]
                settings[-1] = (key, setting, settings[-1][2])
                continue
            name, _, value = setting.partition(":")
            sections = sections[: indent // 2] + [name]
            settings.append((".".join(sections), value.strip() or None, " ".join(comment)))
            comment = []
        return prose, settings

    def text(self):
        lines = head(self.name, 5, self.version, self.date, f"configuration of {self.program}")
        lines += [".SH SYNOPSIS", f".I /etc/master\\-target/{escape(self.name)}"]
        lines += [".SH DESCRIPTION", *paragraphs(self.prose)]
        lines += ["Keys are nested as YAML's maps are: https.port is the key port in the map https.", ".SH SETTINGS"]
        for key, value, prose in self.settings:
            if value is None and not prose:
                continue
            if value is None and any(other.startswith(key + ".") for other, _, _ in self.settings):
                lines += paragraphs(prose)
                continue
            has_none = re.search(r"no default|by default", prose)
            lines += [".TP", f"\\fB{escape(key)}\\fR", escape(prose)]
            if value is not None:
                lines += [".br", escape(f"{'Example' if has_none else 'Default'}: {value}")]
        return "\n".join(lines + see_also(f"{self.name}(5)")) + "\n"


def head(name, section, version, date, abstract):
    day = time.strftime("%Y-%m-%d", time.gmtime(date))
    abstract = abstract.rstrip(".")
    return [f'.TH {quoted(name)} {section} {day} "Master Target {version}" "Master Target"',
            # Neither hyphens in words nor stretched lines: names and options are what is read here.
            ".nh", ".ad l", ".SH NAME", f"{escape(name)} \\- {escape(abstract[0].lower() + abstract[1:])}"]


def see_also(itself):
    pages = [page for page in SEE_ALSO if page != itself]
    return [".SH SEE ALSO", *(
        f".BR {escape(page[:-3])} ({page[-2]}){',' if page != pages[-1] else ''}" for page in pages)]
