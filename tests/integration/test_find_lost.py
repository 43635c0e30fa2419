"""A running `camctl serve` finds a camera at its new address, and takes no other for it."""

import json
import os
import re
import subprocess

from conftest import loopback_block, program, wait_for
from serving import Server

ADMIN = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "admin"}
SOON = "find_lost: 1s\n"


def discovered(cameras, tmp_path, env=ADMIN):
    """The entries that `camctl discover` makes of virtual cameras."""
    targets = [f"{address}:{cameras.onvif_port}" for address in cameras.addresses]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
    done = subprocess.run([program("camctl-discover"), *targets, "--file", "-"], capture_output=True, text=True,
                          cwd=tmp_path, env={**clean, "XDG_CONFIG_HOME": str(tmp_path), **env}, timeout=60, check=True)
    return json.loads(done.stdout)


def entries(server):
    return json.loads(server.cameras.read_text())


def wait_live(server, camera="stream_0", timeout=60):
    return wait_for(f"{camera} to be live", lambda: server.camera_status(camera) == "live", timeout)


def wait_moved(server, address, camera="stream_0"):
    wait_for("the new address", lambda: server.json(f"/api/cameras/{camera}")["ip"] == address, 60)
    wait_live(server, camera)


def last_segment(server, camera="stream_0"):
    """Of those that are listed; parts alone may be there before the first."""
    listed = wait_for("a segment", lambda: re.findall(r"seg(\d+)\.m4s", server.get(f"/hls/{camera}/main/media.m3u8")[2].decode()))
    return int(listed[-1])


def test_a_camera_with_a_new_address_plays_on(simulate, spawn, tmp_path):
    cameras = simulate(1, "--auth", "digest")
    before = discovered(cameras, tmp_path)
    server = Server(spawn, tmp_path, before, config=SOON, env=ADMIN)
    wait_live(server)
    number = last_segment(server)
    with server.connect():  # whoever is connected stays so
        cameras.process.stop()
        moved = simulate(1, "--auth", "digest", "--moved-from", cameras.addresses[0])
        wait_moved(server, moved.addresses[0])
    [after] = entries(server)
    assert after["id"] == before[0]["id"] and after["name"] == before[0]["name"]
    assert after["serial"] == before[0]["serial"] and after["endpoint"] == before[0]["endpoint"]
    text = json.dumps(after)
    assert cameras.addresses[0] + ":" not in text and after["rtsp_url"] == moved.rtsp_url()
    assert "admin" not in text and "password" not in text

    def playlist_beyond():
        text = server.get("/hls/stream_0/main/media.m3u8")[2].decode()
        return text if "#EXT-X-DISCONTINUITY\n" in text else None

    playlist = wait_for("pictures behind the gap", playlist_beyond)
    first = int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", playlist)[1])
    assert first <= number, "it is the same playlist, which goes on behind the gap"
    assert f"is at {moved.addresses[0]} now" in server.process.log()
    wait_for("the sub stream's new address", lambda: moved.addresses[0] in json.dumps(server.json("/api/cameras/0")["profiles"]))


def test_another_device_is_not_taken(simulate, spawn, tmp_path):
    """One with the same endpoint (quirk 18) elsewhere: it is another by its MAC address, and gets no credentials."""
    cameras = simulate(1, "--auth", "digest", "--quirk", "18")
    before = discovered(cameras, tmp_path)
    server = Server(spawn, tmp_path, before, args=["-v"], config=SOON, env=ADMIN)
    wait_live(server)
    cameras.process.stop()
    other = simulate(1, "--auth", "digest", "--quirk", "18")
    wait_for("a search", lambda: "0 of 1 that were looked for" in server.process.log(), 30)
    assert server.camera_status() == "offline"
    assert entries(server)[0]["ip"] == cameras.addresses[0]
    assert other.addresses[0] not in server.process.log()
    # The camera itself comes back where it was.
    simulate(1, "--auth", "digest", "--quirk", "18", address=cameras.addresses[0])
    wait_live(server)


def test_a_device_at_the_old_address_is_not_the_camera(simulate, spawn, tmp_path):
    """It plays without credentials, as the camera did: who it is decides."""
    cameras = simulate(1)
    before = discovered(cameras, tmp_path)
    server = Server(spawn, tmp_path, before, config=SOON)
    wait_live(server)
    cameras.process.stop()
    wait_for("the camera to be away for a while", lambda: server.json("/api/cameras/0")["reconnects"] >= 5, 40)
    moved = simulate(1, "--moved-from", cameras.addresses[0])
    simulate(1, "--moved-from", loopback_block(), address=cameras.addresses[0])
    wait_moved(server, moved.addresses[0])
    assert entries(server)[0]["serial"] == before[0]["serial"]


def test_not_looked_for(simulate, spawn, tmp_path):
    cameras = simulate(1)
    before = discovered(cameras, tmp_path)
    server = Server(spawn, tmp_path, [{**before[0], "added_by": "api"}, {"rtsp_url": cameras.rtsp_url(0, 1)}],
                    args=["-v"], config=SOON)
    wait_live(server)
    cameras.process.stop()
    wait_for("the cameras to be away", lambda: server.camera_status() == server.camera_status("stream_1") == "offline", 30)
    wait_for("some attempts", lambda: all(server.json(f"/api/cameras/{n}")["reconnects"] >= 4 for n in (0, 1)), 30)
    assert "looking for" not in server.process.log()
