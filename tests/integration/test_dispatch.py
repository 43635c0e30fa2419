"""camctl runs camctl-NAME as git does, and what every program promises holds for each of them."""

import os
import pty
import shutil
import subprocess

import pytest

from conftest import BIN_DIR, program

PROGRAMS = ["scan", "discover", "events", "ptz", "snapshot", "info", "set", "reboot", "doctor", "stream", "serve", "passwd", "simulate"]


def camctl(*args, path=None, **options):
    env = {**os.environ, "PATH": path} if path is not None else None
    return subprocess.run([program("camctl"), *args], capture_output=True, text=True, timeout=30, env=env, **options)


def built():
    return [name for name in PROGRAMS if (BIN_DIR / f"camctl-{name}").exists()]


def test_help_lists_the_commands():
    done = camctl("help")
    assert done.returncode == 0
    for name in built():
        assert f"  {name} " in done.stdout
    alone = camctl()
    assert (alone.returncode, alone.stdout) == (2, "")
    assert alone.stderr == done.stdout


def test_help_and_version_of_each_command():
    assert camctl("--version").stdout.startswith("camctl ")
    for name in built():
        helped = camctl("help", name)
        assert helped.returncode == 0
        assert helped.stdout == camctl(name, "--help").stdout
        assert f"Usage: camctl {name}" in helped.stdout
        assert camctl(name, "--version").stdout.startswith(f"camctl {name} ")


def test_a_mistyped_command_or_option():
    done = camctl("scam")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "camctl: there is no command 'scam'; did you mean scan? (try camctl help)\n"
    assert camctl("--frobnicate").returncode == 2
    for name in built():
        done = camctl(name, "--log-fromat", "json")
        assert done.returncode == 2
        assert "unknown option --log-fromat" in done.stderr and "did you mean --log-format?" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    done = camctl("discover", "--user", "admin", "--password", "secret")
    assert done.returncode == 2 and "--password-file" in done.stderr and "secret" not in done.stderr


def test_programs_of_others(tmp_path):
    (tmp_path / "camctl-hello").write_text('#!/bin/sh\necho "hello $1"; exit 7\n')
    (tmp_path / "camctl-hello").chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    done = camctl("hello", "world", path=path)
    assert (done.returncode, done.stdout) == (7, "hello world\n")
    assert "hello" in camctl("help", path=path).stdout
    assert "hello" not in camctl("help", path="/usr/bin:/bin").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    done = camctl("completion", shell)
    assert done.returncode == 0
    if shell == "bash":
        words = f"{done.stdout}\nCOMP_WORDS=(camctl sc); COMP_CWORD=1; _camctl; echo ${{COMPREPLY[@]}}"
        path = f"{BIN_DIR}:{os.environ['PATH']}"
        found = subprocess.run(["bash", "-c", words], capture_output=True, text=True, env={**os.environ, "PATH": path})
        assert found.stdout == "scan\n", found.stderr
        words = words.replace("sc)", "scan --int)").replace("COMP_CWORD=1", "COMP_CWORD=2")
        found = subprocess.run(["bash", "-c", words], capture_output=True, text=True, env={**os.environ, "PATH": path})
        assert found.stdout == "--interface\n", found.stderr
    assert camctl("completion", "tcsh").returncode == 2


@pytest.mark.parametrize("line, wanted", [
    ("scan -o j", {"json", "jsonl"}),
    ("stream -o j", set()),  # a file: the shell's own completion
    ("serve --transport u", {"udp"}),
    ("simulate --auth d", {"digest"}),
    ("simulate --codec h26", {"h264", "h265"}),
    ("discover --log-format ", {"text", "json"}),
])
def test_completion_of_values(line, wanted, tmp_path):
    words = ["camctl", *line.split(" ")]
    array = " ".join(f"'{word}'" for word in words)
    script = (f"{camctl('completion', 'bash').stdout}\nCOMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; _camctl; "
              "echo ${COMPREPLY[@]}")
    found = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path,
                           env={**os.environ, "PATH": f"{BIN_DIR}:{os.environ['PATH']}"})
    assert set(found.stdout.split()) == wanted, found.stderr


def test_help_is_the_manual_on_a_terminal(tmp_path):
    """Installed with its page and on a terminal; anywhere else it prints the options."""
    (tmp_path / "bin").mkdir()
    for name in ("camctl", "camctl-scan"):
        shutil.copy(program(name), tmp_path / "bin" / name)
    pages = tmp_path / "share" / "man" / "man1"
    pages.mkdir(parents=True)
    (pages / "camctl-scan.1").write_text(".TH X 1\n")
    man = tmp_path / "bin" / "man"
    man.write_text('#!/bin/sh\necho "the manual in $1"\n')
    man.chmod(0o755)

    def help_of_scan(path):
        ours, theirs = pty.openpty()
        done = subprocess.run([tmp_path / "bin" / "camctl", "help", "scan"], stdout=theirs, env={"PATH": path})
        os.close(theirs)
        text = b""
        try:
            while chunk := os.read(ours, 65536):
                text += chunk
        except OSError:  # the end of a terminal
            pass
        os.close(ours)
        return done.returncode, text.decode()

    assert help_of_scan(f"{tmp_path}/bin") == (0, f"the manual in {pages}/camctl-scan.1\r\n")
    man.unlink()
    code, text = help_of_scan(f"{tmp_path}/bin")
    assert code == 0 and "--network" in text
    piped = subprocess.run([tmp_path / "bin" / "camctl", "help", "scan"], capture_output=True, text=True)
    assert "--network" in piped.stdout


def test_output_that_cannot_be_written():
    with open("/dev/full", "w") as full:
        for args in (["help"], ["scan", "--help"]):
            done = subprocess.run([program("camctl"), *args], stdout=full, stderr=subprocess.PIPE, text=True)
            assert done.returncode == 1
            assert "No space left" in done.stderr
