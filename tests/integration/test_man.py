"""The manual pages name every option that a program has, and no other."""

import re
import subprocess

import pytest

from conftest import BIN_DIR, program, require

PAGES = BIN_DIR.parent / "man" / "man1"
PROGRAMS = ["scan", "discover", "events", "ptz", "snapshot", "info", "set", "reboot", "stream", "serve", "passwd", "simulate"]


def page(name):
    path = PAGES / f"{name}.1"
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return path


@pytest.mark.parametrize("name", PROGRAMS)
def test_options(name):
    text = subprocess.run([program(f"camctl-{name}"), "--help"], capture_output=True, text=True, check=True).stdout
    wanted = set()
    for line in text.splitlines():
        if re.match(r" {2}(-|    --)", line):
            names = re.split(r"\s{2,}", line.strip())[0]
            wanted |= set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", names))
    assert {"--help", "--version", "--log-format", "-q"} <= wanted
    named = set()
    for line in page(f"camctl-{name}").read_text().splitlines():
        if line.startswith(".B \\-"):
            named |= set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", line.replace("\\-", "-")))
    assert named - {"-o"} == wanted - {"-o"}


@pytest.mark.parametrize("name", ["camctl"] + [f"camctl-{name}" for name in PROGRAMS])
def test_pages_are_well_formed(name):
    path = page(name)
    assert "@" not in re.sub(r"\S+@\S+", "", path.read_text())
    require("groff")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
