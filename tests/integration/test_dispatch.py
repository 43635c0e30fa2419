"""camctl runs camctl-NAME as git does, and what every program promises holds for each of them."""

import os
import subprocess

import pytest

from conftest import BIN_DIR, program

PROGRAMS = ["scan", "discover", "stream", "serve", "simulate"]


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
        done = camctl(name, "--intarface", "lo")
        assert done.returncode == 2
        assert "unknown option --intarface" in done.stderr and "did you mean --interface?" in done.stderr
        assert len(done.stderr.splitlines()) == 1


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


def test_output_that_cannot_be_written():
    with open("/dev/full", "w") as full:
        for args in (["help"], ["scan", "--help"]):
            done = subprocess.run([program("camctl"), *args], stdout=full, stderr=subprocess.PIPE, text=True)
            assert done.returncode == 1
            assert "No space left" in done.stderr
