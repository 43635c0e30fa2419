#!/usr/bin/env python3
"""Makes a manual page: the hand-written text of camctl-NAME.1.in with the options that the program itself names.

Usage: make_man.py TEMPLATE VERSION [PROGRAM] > PAGE

In the template, a line @SYNOPSIS@ becomes the usage line and @OPTIONS@ the options, both read from
`PROGRAM --help`; @COMMON@ becomes common.roff beside the template; @VERSION@ the version.
"""

import pathlib
import re
import subprocess
import sys

COLUMN = 28  # where descriptions start in --help (apps/common/help.cc)


def roff(text):
    """Plain text as roff: nothing in it is a request, a hyphen is a hyphen."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = text.replace("|", "|\\:")  # a long list of values may be broken behind each
    text = re.sub(r"[^\x00-\x7f]", lambda match: f"\\[u{ord(match[0]):04X}]", text)
    return re.sub(r"^([.'])", r"\\&\1", text)


def parse_help(text):
    """(usage, [(group, [(option, description), ...]), ...]) of a --help text."""
    usage = re.search(r"^Usage: (.*)$", text, re.M).group(1)
    groups = []
    for line in text[text.index("Usage:"):].splitlines()[1:]:
        if re.match(r"\S.*:$", line):
            groups.append((line[:-1], []))
        elif groups and line[:2] == "  " and line[2:COLUMN].strip():
            names, *description = re.split(r"\s{2,}", line.strip(), maxsplit=1)
            groups[-1][1].append([names, "".join(description)])
        elif line.strip() and groups and groups[-1][1]:
            entry = groups[-1][1][-1]
            entry[1] = (entry[1] + " " + line.strip()).strip()
    return usage, groups


def options(groups):
    lines = []
    for group, entries in groups:
        if group != "Options":
            lines.append(f".SS {roff(group)}")
        for names, description in entries:
            lines += [".TP", f".B {roff(names)}", roff(description)]
    return "\n".join(lines)


def main():
    template = pathlib.Path(sys.argv[1])
    page = template.read_text()
    page = page.replace("@VERSION@", sys.argv[2])
    page = page.replace("@COMMON@\n", (template.parent / "common.roff").read_text())
    if len(sys.argv) > 3:
        text = subprocess.run([sys.argv[3], "--help"], capture_output=True, text=True, check=True).stdout
        usage, groups = parse_help(text)
        page = page.replace("@SYNOPSIS@", f".B {roff(usage)}").replace("@OPTIONS@", options(groups))
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
