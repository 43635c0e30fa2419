"""Debian's onvif-util finds our virtual cameras by WS-Discovery and queries them."""

import os
import pathlib
import subprocess

import pytest
from conftest import program, require

SESSION = pathlib.Path(__file__).resolve().parent / "onvif_util_session.sh"
SCHEMES = ["none", "wsse", "both", "digest"]


@pytest.fixture
def sessions(tmp_path):
    """What onvif-util printed: under "found", and under each camera's address."""
    require("onvif-util", "unshare", "ip")
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    password = tmp_path / "password"
    password.write_text("secret\n")
    result = subprocess.run(
        ["unshare", "--net", "bash", SESSION, str(len(SCHEMES)), "op", "secret", program("camctl-simulate"),
         "--auth", ",".join(SCHEMES), "--user", "op", "--password-file", password],
        input="get rtsp\nget time\nget profiles\nquit\n", capture_output=True, text=True, timeout=110, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    parts = result.stdout.split("== ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def test_onvif_util(sessions):
    assert "Found 4 cameras" in sessions["found"]
    for index, scheme in enumerate(SCHEMES):
        said = sessions[f"10.66.0.{index + 2}"]
        if scheme == "digest":  # onvif-util knows only WS-UsernameToken
            assert "ter:NotAuthorized" in said
            continue
        assert "successfully connected to host" in said, (scheme, said)
        assert f"name:   Camera {index + 1}" in said, (scheme, said)
        assert "Time Offset: 0 seconds" in said or "Time Offset: 1 seconds" in said, (scheme, said)
        assert "Profile_1" in said and "Profile_2" in said, (scheme, said)
        assert f"rtsp://10.66.0.{index + 2}:5543/live/channel0" in said, (scheme, said)
